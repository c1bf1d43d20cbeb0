"""The folder of policy: its rows, words and rules, what a plan needs, what the documents say."""

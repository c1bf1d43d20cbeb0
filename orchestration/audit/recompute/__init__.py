"""The rules of POLICY a second time, in exact Python: what verify holds the published numbers against.

Shares no code with the models. Each step starts from what is published one step before it (evidence →
observation → score line → score → grade → line → bonus), so that a wrong number is found where it is, not
everywhere after it.
"""

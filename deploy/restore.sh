#!/bin/sh
# Restore a state folder from an archive of backup.sh:  sh deploy/restore.sh ARCHIVE STATE
#
# STATE must not exist: nothing is written over. Whoever restores as root has owners and groups restored as well.
set -eu
umask 077

if [ $# -ne 2 ]; then
    echo "usage: sh deploy/restore.sh ARCHIVE STATE" >&2
    exit 2
fi
archive=$1
state=${2%/}

if [ -e "$state" ]; then
    echo "$state: this exists already. Name a folder that does not; move the old one away first" >&2
    exit 2
fi

mkdir -p "$state.part"
tar --extract --same-permissions --file "$archive" --directory "$state.part"
mv "$state.part" "$state"
echo "Restored. Now: meritline --state $state verify"

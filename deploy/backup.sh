#!/bin/sh
# Back up a state folder into one archive:  sh deploy/backup.sh STATE ARCHIVE
#
# What the next night makes anew stays out. tar keeps a file that publications share once, and its links.
# The state is held meanwhile, as by a night: while one works this ends with status 5, and a night that begins
# while this works does too.
set -eu
umask 077

if [ $# -ne 2 ]; then
    echo "usage: sh deploy/backup.sh STATE ARCHIVE" >&2
    exit 2
fi
state=$1
archive=$2

if [ ! -d "$state/published" ]; then
    echo "$state: this is no state folder. Name the one that holds published/" >&2
    exit 2
fi

status=0
flock --nonblock --conflict-exit-code 5 "$state/lock" tar --create --file "$archive.part" \
    --directory "$state" --anchored \
    --exclude=./warehouse.duckdb --exclude='./warehouse.duckdb.*' --exclude=./candidate --exclude='./.*' \
    --exclude=./spark --exclude=./dbt --exclude=./dagster --exclude=./spill --exclude=./previews --exclude='./plans/.*' \
    --exclude=./lock --exclude=./lock.json . || status=$?
if [ "$status" -ne 0 ]; then
    rm -f "$archive.part"
    echo "$state: not backed up. While a night works, wait until it is done (meritline status names it)" >&2
    exit "$status"
fi
sync "$archive.part"
mv "$archive.part" "$archive"

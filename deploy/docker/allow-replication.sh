#!/bin/sh
# Lets the replica connect, in the first start of the primary.
echo "host replication all all scram-sha-256" >>"$PGDATA/pg_hba.conf"

# Leases: make, list, filter, remove.
ctr leases create --id one --expires 1h purpose=test; echo "create: $?"
ctr leases create --id one; echo "again: $?"
ctr leases create | sed -E 's/^[0-9]+-.{4}$/GENERATED/'
ctr leases ls | awk '{ print NF > 2 ? 3 : NF }'
ctr leases ls -q | grep -c .
ctr leases ls -q 'id==one'
ctr leases delete one; echo "delete: $?"
ctr leases delete one; echo "delete again: $?"
ctr leases delete --sync $(ctr leases ls -q) | wc -l
ctr leases ls -q

# What the client and the daemon say of themselves.
ctr version | grep -E '^(Client|Server|  (Version|Revision|UUID)):' | sed -E 's/:.*/:/'

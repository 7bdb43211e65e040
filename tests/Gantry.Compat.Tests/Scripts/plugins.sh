# The plug-ins that every client looks for are there, and none is broken.
ctr plugins ls | awk 'NR == 1 { print $1, $2, $3, $4 }
  $2 ~ /^(content|overlayfs|native|bolt|walking|exchange|scheduler|task|containers|diff|events|healthcheck|images|introspection|leases|namespaces|snapshots|tasks|version)$/ \
  && $1 !~ /runtime.v1|service.v1|mount-/ { print $1, $2, $3, $4 }' | sort

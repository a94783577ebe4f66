"""What an independent client reads of a Proxmox Backup Server, as JSON: proxmoxer.

Usage: pbs_client.py HOST:PORT USER TOKEN_NAME TOKEN_VALUE
"""

import json
import sys
import warnings

from proxmoxer import ProxmoxAPI, ResourceException

warnings.filterwarnings("ignore")
host, user, name, value = sys.argv[1:]


def login(secret):
    return ProxmoxAPI(host, service="PBS", user=user, token_name=name, token_value=secret, verify_ssl=False)


pbs = login(value)
usage = pbs.status("datastore-usage").get()
store = pbs.admin.datastore(usage[0]["store"])
snapshots = store.snapshots.get()
out = {
    "version": pbs.version.get()["version"],
    "stores": [row["store"] for row in usage],
    "full": [row["used"] / row["total"] for row in usage],
    "groups": [[row["backup-type"], row["backup-id"], row["backup-count"]] for row in store.groups.get()],
    "failed": [row["backup-id"] for row in snapshots if row.get("verification", {}).get("state") == "failed"],
}
try:
    login("wrong").version.get()
except ResourceException as error:
    out["refused"] = error.status_code
json.dump(out, sys.stdout)

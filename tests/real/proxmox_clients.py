"""What two independent clients read of a Proxmox endpoint, as JSON: proxmoxer and prometheus-pve-exporter.

Usage: proxmox_clients.py HOST:PORT CA_FILE USER TOKEN_NAME TOKEN_VALUE
"""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families
from proxmoxer import ProxmoxAPI, ResourceException
from pve_exporter.collector import CollectorsOptions, collect_pve

host, ca_file, user, name, value = sys.argv[1:]
login = {"user": user, "token_name": name, "token_value": value, "verify_ssl": ca_file}


def read():
    pve = ProxmoxAPI(host, **login)
    out = {"version": pve.version.get()["version"], "status": pve.cluster.status.get()}
    out["resources"] = pve.cluster.resources.get()
    out["nodes"] = {}
    for node in pve.nodes.get():
        try:
            tasks = pve.nodes(node["node"]).tasks.get(limit=500, errors=1)
            log = [pve.nodes(node["node"]).tasks(task["upid"]).log.get(limit=1000) for task in tasks]
            guests = pve.nodes(node["node"]).qemu.get() + pve.nodes(node["node"]).lxc.get()
            out["nodes"][node["node"]] = {
                "uptime": pve.nodes(node["node"]).status.get()["uptime"],
                "failed": [task["status"] for task in tasks],
                "log": [line["t"] for lines in log for line in lines],
                "guests": sorted(int(guest["vmid"]) for guest in guests),
            }
        except ResourceException as error:
            out["nodes"][node["node"]] = {"error": error.status_code}
    options = CollectorsOptions(**{option: True for option in CollectorsOptions._fields})
    text = collect_pve(login, host, True, True, options).decode()
    out["metrics"] = [
        {"name": sample.name, "labels": sample.labels, "value": sample.value}
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]
    return out


try:
    print(json.dumps(read()))
except ResourceException as error:
    print(json.dumps({"error": error.status_code, "said": str(error)}))

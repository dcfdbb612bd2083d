//! Columns of Services and of what leads to them.

use serde_json::{Value, json};

use super::Row;
use super::columns::{AGE, Known};
use super::workloads::or_none;

pub(super) const SERVICES: &[Known] = &[
    ("Type", "string", 0, |row| json!(row.text("/spec/type"))),
    ("Cluster-IP", "string", 0, |row| or_none(row.text("/spec/clusterIP"))),
    ("External-IP", "string", 0, external_address),
    ("Port(s)", "string", 0, service_ports),
    AGE,
    ("Selector", "string", 1, |row| row.pairs("/spec/selector")),
];

pub(super) const INGRESSES: &[Known] = &[
    ("Class", "string", 0, |row| or_none(row.text("/spec/ingressClassName"))),
    ("Hosts", "string", 0, hosts),
    ("Address", "string", 0, |row| json!(addresses(row))),
    ("Ports", "string", 0, |row| json!(if row.count("/spec/tls") > 0 { "80, 443" } else { "80" })),
    AGE,
];

pub(super) const INGRESS_CLASSES: &[Known] = &[
    ("Controller", "string", 0, |row| json!(row.text("/spec/controller"))),
    ("Parameters", "string", 0, |row| or_none(row.text("/spec/parameters/name"))),
    AGE,
];

pub(super) const NETWORK_POLICIES: &[Known] =
    &[("Pod-Selector", "string", 0, |row| row.pairs("/spec/podSelector/matchLabels")), AGE];

pub(super) const ENDPOINTS: &[Known] = &[("Endpoints", "string", 0, endpoints), AGE];

pub(super) const ENDPOINT_SLICES: &[Known] = &[
    ("AddressType", "string", 0, |row| json!(row.text("/addressType"))),
    ("Ports", "string", 0, |row| {
        first_three(row.items("/ports").map(|port| match port.get("port") {
            Some(number) => number.to_string(),
            None => port.get("name").and_then(Value::as_str).unwrap_or("*").to_owned(),
        }))
    }),
    ("Endpoints", "string", 0, |row| {
        let lists = row.items("/endpoints").filter_map(|endpoint| endpoint.get("addresses")?.as_array());
        first_three(lists.flatten().map(|address| address.as_str().unwrap_or_default().to_owned()))
    }),
    AGE,
];

fn first_three(texts: impl Iterator<Item = String>) -> Value {
    let texts: Vec<String> = texts.collect();
    let shown = texts.iter().take(3).cloned().collect::<Vec<_>>().join(",");
    json!(match texts.len() {
        0 => "<unset>".to_owned(),
        1..=3 => shown,
        more => format!("{shown} + {} more...", more - 3),
    })
}

fn external_address(row: &Row<'_>) -> Value {
    let own: Vec<&str> = row.items("/spec/externalIPs").filter_map(Value::as_str).collect();
    match row.text("/spec/type") {
        "ExternalName" => json!(row.text("/spec/externalName")),
        "LoadBalancer" => {
            let given = addresses(row);
            let all: Vec<&str> =
                std::iter::once(given.as_str()).chain(own).filter(|address| !address.is_empty()).collect();
            json!(if all.is_empty() { "<pending>".to_owned() } else { all.join(",") })
        }
        _ => or_none(&own.join(",")),
    }
}

fn addresses(row: &Row<'_>) -> String {
    let found = row.items("/status/loadBalancer/ingress");
    let texts = found.filter_map(|entry| entry.get("ip").or_else(|| entry.get("hostname"))?.as_str());
    texts.collect::<Vec<_>>().join(",")
}

fn service_ports(row: &Row<'_>) -> Value {
    let ports: Vec<String> = row
        .items("/spec/ports")
        .map(|port| {
            let protocol = port["protocol"].as_str().unwrap_or("TCP");
            match port["nodePort"].as_i64() {
                Some(node) if node > 0 => format!("{}:{node}/{protocol}", port["port"]),
                _ => format!("{}/{protocol}", port["port"]),
            }
        })
        .collect();
    or_none(&ports.join(","))
}

fn hosts(row: &Row<'_>) -> Value {
    let hosts: Vec<&str> = row.items("/spec/rules").filter_map(|rule| rule.get("host")?.as_str()).collect();
    json!(if hosts.is_empty() { "*".to_owned() } else { hosts.join(",") })
}

fn endpoints(row: &Row<'_>) -> Value {
    let mut all = Vec::new();
    for subset in row.items("/subsets") {
        let list = |field: &str| subset.get(field).and_then(Value::as_array).into_iter().flatten();
        for address in list("addresses") {
            for port in list("ports") {
                all.push(format!("{}:{}", address["ip"].as_str().unwrap_or_default(), port["port"]));
            }
        }
    }
    // Where there are only such as are not ready nothing is shown.
    if row.count("/subsets") == 0 { json!("<none>") } else { json!(all.join(",")) }
}

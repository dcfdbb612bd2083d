use pilothouse_operator::OperatorInput;
use pilothouse_protocol::{ReleaseKey, Reply, RequestId};
use pilothouse_release::{Limits, ReleaseRecord, decode, encode};
use serde_json::json;

use super::*;

fn masker() -> Masker {
    Masker::new([3; 32])
}

fn secret(data: Value) -> Object {
    Arc::new(json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": "ns", "name": "s", "resourceVersion": "1"},
        "data": data,
    }))
}

fn field(object: &Value, name: &str) -> String {
    String::from_utf8(STANDARD.decode(object["data"][name].as_str().unwrap()).unwrap()).unwrap()
}

#[test]
fn values_keep_their_form() {
    let mut masker = masker();
    let text = "service:\n  type: ClusterIP\n  port: 8080\nauth:\n  password: Canary-7x9\n  pin: 12345678\n  enabled: true\nlist:\n- Canary-7x9\n";
    let masked = masker.object(&secret(json!({"values.yaml": STANDARD.encode(text)})));
    let values = yaml::parse(&field(&masked, "values.yaml")).unwrap();
    assert_eq!(values["service"], json!({"type": "ClusterIP", "port": 8080}));
    assert_eq!(values["auth"]["enabled"], true);
    let token = values["auth"]["password"].as_str().unwrap();
    assert_ne!(token, "Canary-7x9");
    assert_eq!(values["list"][0], token);
    let pin = values["auth"]["pin"].as_u64().unwrap();
    assert!(pin != 12_345_678 && (10_000_000..100_000_000).contains(&pin), "{pin}");
    // The same again, wherever it comes from.
    let other = masker.object(&secret(
        json!({"p": STANDARD.encode("Canary-7x9"), "double": STANDARD.encode(STANDARD.encode("Canary-7x9"))}),
    ));
    assert_eq!(field(&other, "p"), token);
    assert_eq!(STANDARD.decode(field(&other, "double")).unwrap(), token.as_bytes());
    let error = masker.text("login as x:Canary-7x9 failed").unwrap();
    assert_eq!(error, format!("login as x:{token} failed"));
}

#[test]
fn a_kubeconfig_still_leads_to_its_cluster() {
    let mut masker = masker();
    let config = json!({
        "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "a", "user": "admin-user"}}],
        "clusters": [{"name": "a", "cluster": {"server": "https://10.0.0.1:6443", "certificate-authority-data": STANDARD.encode("Certificate1")}}],
        "users": [{"name": "admin-user", "user": {"token": "Canary-Token-1"}}],
    });
    let text = yaml::emit(&config).unwrap();
    let masked = masker.object(&secret(json!({"value": STANDARD.encode(text)})));
    let masked = yaml::parse(&field(&masked, "value")).unwrap();
    assert_eq!(masked["clusters"][0]["cluster"]["server"], "https://10.0.0.1:6443");
    assert_eq!(
        (&masked["contexts"], &masked["users"][0]["name"]),
        (&config["contexts"], &json!("admin-user"))
    );
    assert!(!masked.to_string().contains("Canary-Token-1") && !masked.to_string().contains("Certificate1"));
    let authority = masked["clusters"][0]["cluster"]["certificate-authority-data"].as_str().unwrap();
    assert_eq!(STANDARD.decode(authority).unwrap().len(), "Certificate1".len());
}

#[test]
fn stored_releases_are_looked_into() {
    let mut masker = masker();
    let key = ReleaseKey::new("ns", "app");
    let release = json!({"kind": "HelmRelease", "metadata": {"namespace": "ns", "name": "app"},
        "spec": {"values": {"image": "registry.example/app1", "adminPassword": "Inline-Canary-2", "existingSecretName": "Some-Name-1"}}});
    let input = OperatorInput::Release { key: key.clone(), object: Some(Arc::new(release)) };
    let OperatorInput::Release { object: Some(release), .. } = masker.input(&input) else { panic!() };
    let values = &release["spec"]["values"];
    assert_eq!(
        (&values["image"], &values["existingSecretName"]),
        (&json!("registry.example/app1"), &json!("Some-Name-1"))
    );
    assert_ne!(values["adminPassword"], "Inline-Canary-2");
    let record = ReleaseRecord {
        name: "app".to_owned(),
        version: 1,
        config: json!({"image": "registry.example/app1", "password": "Old-Canary-3"}).as_object().cloned(),
        manifest: format!(
            "---\n# Source: a/secret.yaml\napiVersion: v1\nkind: Secret\nmetadata:\n  name: app\ndata:\n  p: {}\n---\n# Source: a/b.yaml\n\
             kind: Deployment\nimage: registry.example/app1\nenv: Old-Canary-3\nother: Chart-Canary-4\n",
            STANDARD.encode("Chart-Canary-4")
        ),
        ..ReleaseRecord::default()
    };
    let stored = STANDARD.encode(encode(&record, &Limits::default()).unwrap());
    let object = Arc::new(json!({"apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
        "metadata": {"name": "sh.helm.release.v1.app.v1", "labels": {"owner": "helm", "status": "deployed"}},
        "data": {"release": stored}}));
    let reply = OperatorInput::Reply { key, id: RequestId(1), reply: Reply::List(vec![object]) };
    let OperatorInput::Reply { reply: Reply::List(masked), .. } = masker.input(&reply) else { panic!() };
    assert_eq!(masked[0]["metadata"]["labels"]["status"], "deployed");
    let masked = decode(&field(&masked[0], "release"), &Limits::default()).unwrap();
    assert_eq!(masked.config.as_ref().unwrap()["image"], "registry.example/app1");
    let text = format!("{:?}{}", masked.config, masked.manifest);
    for canary in ["Old-Canary-3", "Chart-Canary-4"] {
        assert!(!text.contains(canary) && !text.contains(&STANDARD.encode(canary)), "{text}");
    }
    assert!(
        masked.manifest.contains("# Source: a/secret.yaml") && masked.manifest.contains("kind: Deployment"),
        "{text}"
    );
    let objects: Vec<Value> = masked
        .manifest
        .split("---")
        .filter_map(|one| yaml::parse(one).ok())
        .filter(Value::is_object)
        .collect();
    assert_eq!(objects.len(), 2);
}

#[test]
fn what_is_no_text_and_what_is_no_release_is_replaced_whole() {
    let mut masker = masker();
    let binary = STANDARD.encode([0xff, 0x00, 0xfe, 0x10, 0x80, 0x81, 0x82, 0x83]);
    let masked = masker.object(&secret(json!({"key": binary, "odd": "not base64 at all 12"})));
    assert_ne!(masked["data"]["key"], binary);
    assert_eq!(masked["data"]["key"].as_str().map(str::len), Some(binary.len()));
    assert_ne!(masked["data"]["odd"], "not base64 at all 12");
    let object = Arc::new(
        json!({"kind": "Secret", "metadata": {"labels": {"owner": "helm"}}, "data": {"release": "Canary+Payload+5"}}),
    );
    assert!(!masker.object(&object).to_string().contains("Canary"));
}

#[test]
fn copies_in_annotations_are_replaced() {
    let mut masker = masker();
    let copy = json!({"kind": "Secret", "stringData": {"password": "Canary-Copy-6"}}).to_string();
    let object = Arc::new(json!({
        "kind": "Secret", "metadata": {"name": "s", "annotations": {LAST_APPLIED: copy}}, "stringData": {"password": "Canary-Copy-6"},
    }));
    let masked = masker.object(&object).to_string();
    assert!(!masked.contains("Canary-Copy-6") && masked.contains("password"), "{masked}");
    assert_eq!(masker.secret("true", 0), "true");
}

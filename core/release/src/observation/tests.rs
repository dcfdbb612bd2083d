use pilothouse_encoding::digest::Algorithm;
use serde_json::{Value, json};

use super::*;

const EMPTY: &str = r#"{"name":"","version":0,"info":{},"chartMetadata":{},"config":null,"manifest":"","hooks":null,"namespace":""}"#;

/// The observation of a release whose JSON has the members of a digest line.
fn observe(line: &str) -> Observation {
    let mut members: Value = serde_json::from_str(line).unwrap();
    let metadata = members["chartMetadata"].take();
    members["chart"] = json!({ "metadata": metadata });
    let oci_digest = members["ociDigest"].as_str().unwrap_or_default().to_owned();
    let record: ReleaseRecord = serde_json::from_value(members).unwrap();
    Observation::of(&record).with(&oci_digest, "")
}

fn vector() -> String {
    concat!(
        r#"{"name":"podinfo","version":2,"info":{"first_deployed":"2024-05-07T04:54:21.123456789Z","#,
        r#""last_deployed":"2024-05-07T04:54:22.123456789Z","description":"Upgrade complete","status":"deployed","#,
        r#""notes":"a \u003cb\u003e \u0026 c\n"},"chartMetadata":{"name":"podinfo","version":"6.6.1","#,
        r#""description":"x \u0026 y","maintainers":[{"name":"m","email":"m@x"}],"apiVersion":"v1","appVersion":"6.6.1","#,
        r#""dependencies":[{"name":"d","version":"1","repository":"r"}]},"config":{"a":"\u003cx\u003e","b":1},"#,
        r#""manifest":"---\n# Source: a\n","hooks":[{"name":"h","kind":"Job","path":"p","manifest":"m","#,
        r#""events":["pre-install"],"last_run":{"started_at":"2024-05-07T04:54:21.123456789Z","#,
        r#""completed_at":"2024-05-07T04:54:23.123456789Z","phase":"Succeeded"},"weight":1,"#,
        r#""delete_policies":["before-hook-creation"]}],"namespace":"default","ociDigest":"sha256:abc"}"#
    )
    .to_owned()
}

fn hooks_of(line: &str) -> &str {
    &line[line.find(r#""hooks":"#).unwrap()..line.find(r#","namespace""#).unwrap()]
}

#[test]
fn release_digests() {
    let full = vector();
    let bare = full.replace(hooks_of(&full), r#""hooks":null"#).replace(r#","ociDigest":"sha256:abc""#, "");
    let zero = EMPTY.replace(r#""name":"""#, r#""name":"foo""#);
    for (line, hex) in [
        (&zero, "f1498f27a16a09cd7e1ee610d924df065c03d30035638babc95dd9a8d412ce4d"),
        (&full, "9de3151ed7e9d9421e43cfba58b0d301b66f30cd1c3ee0628ca31ce23029e3e9"),
        (&bare, "e7c624b1f0c22df36b612864b9a55932d38164617d8f9ab3796b183ffbd0698b"),
    ] {
        let observation = observe(line);
        assert_eq!(observation.line().unwrap(), format!("{line}\n"));
        assert_eq!(observation.digest(Algorithm::Sha256).unwrap().to_string(), format!("sha256:{hex}"));
    }
}

#[test]
fn test_hooks_and_empty_values_are_left_out() {
    let line = EMPTY
        .replace("null,\"manifest\"", "{},\"manifest\"")
        .replace(r#""hooks":null"#, r#""hooks":[{"events":["test","pre-install"]}]"#);
    assert_eq!(observe(&line).line().unwrap(), format!("{EMPTY}\n"));
}

#[test]
fn a_hook_that_never_ran_has_an_empty_phase() {
    let line = EMPTY.replace(r#""hooks":null"#, r#""hooks":[{"name":"h","last_run":{"phase":""}}]"#);
    assert_eq!(observe(&line).line().unwrap(), format!("{line}\n"));
}

#[test]
fn the_action_is_not_part_of_the_digest() {
    let observation = observe(EMPTY);
    assert_eq!(observation.clone().with("", "upgrade").line().unwrap(), observation.line().unwrap());
}

fn values(json: &str) -> Map<String, Value> {
    serde_json::from_str(json).unwrap()
}

#[test]
fn config_digests() {
    let long = json!({ "long": "word ".repeat(30) + "end" }).to_string();
    for (json, hex) in [
        ("{}", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (r#"{"foo":"bar"}"#, "1dabc4e3cbbd6a0818bd460f3a6c9855bfe95d506c74726bc0f2edb0aecb1f4e"),
        (
            r#"{"b":1,"a":{"d":[],"c":{}},"n":null}"#,
            "2c4fa64aed753d92c2827a991ac305254112ed4809c2d34995d623a71a12a1e9",
        ),
        (
            r##"{"s":"true","t":"yes","u":"1","v":"1.0","w":"","x":" lead","y":"a: b","z":"# c","null":"null","tilde":"~"}"##,
            "2105474646ca72d8d4f19e4846ae6ff15ff5f5bfa4b316b60f153fc0db9e2b45",
        ),
        (
            r#"{"f":1.5,"g":1e21,"h":12345678901234567890,"i":-3,"j":0.1,"k":1e100,"l":100000000000000000000}"#,
            "e9ba08f35465a7d022378d7c353acb26f01fb844b1f48fe37a287c41110a6f24",
        ),
        (&long, "c6166c9798cda8b4dc7bec6dda014c716bd7e5c980c084368329fb5c1ad6b389"),
        (
            r#"{"multi":"line1\nline2\n","multi2":"line1\nline2","multi3":"line1\n\nline2\n\n","tab":"a\tb","trail":"x \ny"}"#,
            "1d33f7ab82f337bf9e9a3aa7a57b85243e4163f68470d69cf5fdd812bcc96df2",
        ),
        (
            r#"{"list":[1,"two",{"z":1,"a":2},[3,4]],"bool":true}"#,
            "ec8d0ca19199443e91ba098ea7b63934310b2a5ba532831e3af363351f20604b",
        ),
        (
            r#"{"uni":"héllo ✓","emoji":"😀","ctrl":"a\u0001b"}"#,
            "910c33a9f62d7de0323ee02299687a6ae6926716cad5d5ba14ced3b0da585d93",
        ),
        (
            r#"{"replicas":3,"image":{"tag":"latest","repository":"nginx"},"ports":[{"protocol":"TCP","port":8080},{"port":9090,"protocol":"UDP"}]}"#,
            "fcdc2b0de1581a3633ada4afee3f918f6eaa5b5ab38c3fef03d5b48d3f85d9f6",
        ),
    ] {
        let digest = config_digest(&values(json), Algorithm::Sha256).unwrap().to_string();
        assert_eq!(digest, format!("sha256:{hex}"), "{json}");
        assert!(verify_config(&digest, &values(json)));
    }
}

#[test]
fn the_algorithm_is_the_digests_own() {
    for algorithm in [Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512, Algorithm::Blake3] {
        let digest = config_digest(&values(r#"{"a":1}"#), algorithm).unwrap().to_string();
        assert!(verify_config(&digest, &values(r#"{"a":1.0}"#)));
        assert!(!verify_config(&digest, &values(r#"{"a":2}"#)));
    }
    for digest in ["", "sha256:", "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709", "nonsense"] {
        assert!(!verify_config(digest, &Map::new()), "{digest}");
    }
    assert_eq!(values_checksum(&Map::new()).unwrap(), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

#[test]
fn post_renderer_and_common_metadata_digests() {
    let renderers = |json: &str| -> Vec<PostRenderer> { serde_json::from_str(json).unwrap() };
    let patched = concat!(
        r#"[{"kustomize":{"patches":[{"patch":"- op: add\n  path: /a\n  value: \u003cx\u003e\n","#,
        r#""target":{"kind":"Deployment","name":"a"}}],"images":[{"name":"n","newTag":"1"}]}}]"#
    );
    for (json, hex) in [
        ("[]", "37517e5f3dc66819f61f5a7bb8ace1921282415f10551d2defa5c3eb0985b570"),
        ("[{}]", "501de836b88be0a82b9af264bee8fa768a66abb5ac670b802bf7f696171b0e96"),
        (patched, "4ceaba2d8ce7e6dca2e597bc0b59cbe6868ad8c192cdb45bf9a63a373f4bd810"),
    ] {
        let digest = post_renderers_digest(Some(&renderers(json)), Algorithm::Sha256).unwrap();
        assert_eq!(digest, format!("sha256:{hex}"), "{json}");
    }
    for (json, hex) in [
        (
            r#"{"annotations":{"x":"y"},"labels":{"a":"1","b":"2"}}"#,
            "b29ec929c7fa1264fd976d660a5288502e050c45941b50fed802d17f697089aa",
        ),
        ("{}", "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356"),
    ] {
        let metadata: CommonMetadata = serde_json::from_str(json).unwrap();
        let digest = common_metadata_digest(Some(&metadata), Algorithm::Sha256).unwrap();
        assert_eq!(digest, format!("sha256:{hex}"), "{json}");
    }
    assert_eq!(post_renderers_digest(None, Algorithm::Sha256).unwrap(), "");
    assert_eq!(common_metadata_digest(None, Algorithm::Sha256).unwrap(), "");
}

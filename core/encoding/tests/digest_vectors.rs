//! The values digests of spec 04 §5 and the release digest lines of §4.

use pilothouse_encoding::digest::Algorithm;
use pilothouse_encoding::{go_json, yaml};
use serde::Serialize;
use serde_json::{Value, json};

fn sha256(text: &str) -> String {
    Algorithm::Sha256.compute(text.as_bytes()).encoded().to_owned()
}

#[test]
fn values() {
    let long = "word ".repeat(30) + "end";
    let cases = [
        (json!({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (json!(null), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (json!({"foo": "bar"}), "1dabc4e3cbbd6a0818bd460f3a6c9855bfe95d506c74726bc0f2edb0aecb1f4e"),
        (
            json!({"b": 1, "a": {"d": [], "c": {}}, "n": null}),
            "2c4fa64aed753d92c2827a991ac305254112ed4809c2d34995d623a71a12a1e9",
        ),
        (
            json!({"s": "true", "t": "yes", "u": "1", "v": "1.0", "w": "", "x": " lead", "y": "a: b", "z": "# c",
                "null": "null", "tilde": "~"}),
            "2105474646ca72d8d4f19e4846ae6ff15ff5f5bfa4b316b60f153fc0db9e2b45",
        ),
        (
            go_json::floats(
                json!({"f": 1.5, "g": 1e21, "h": 12_345_678_901_234_567_890_u64, "i": -3, "j": 0.1,
                "k": 1e100, "l": 1e20}),
            ),
            "e9ba08f35465a7d022378d7c353acb26f01fb844b1f48fe37a287c41110a6f24",
        ),
        (json!({"long": long}), "c6166c9798cda8b4dc7bec6dda014c716bd7e5c980c084368329fb5c1ad6b389"),
        (
            json!({"multi": "line1\nline2\n", "multi2": "line1\nline2", "multi3": "line1\n\nline2\n\n",
                "tab": "a\tb", "trail": "x \ny"}),
            "1d33f7ab82f337bf9e9a3aa7a57b85243e4163f68470d69cf5fdd812bcc96df2",
        ),
        (
            json!({"list": [1, "two", {"z": 1, "a": 2}, [3, 4]], "bool": true}),
            "ec8d0ca19199443e91ba098ea7b63934310b2a5ba532831e3af363351f20604b",
        ),
        (
            json!({"uni": "héllo ✓", "emoji": "😀", "ctrl": "a\u{1}b"}),
            "910c33a9f62d7de0323ee02299687a6ae6926716cad5d5ba14ced3b0da585d93",
        ),
        (
            json!({"replicas": 3, "image": {"tag": "latest", "repository": "nginx"},
                "ports": [{"protocol": "TCP", "port": 8080}, {"port": 9090, "protocol": "UDP"}]}),
            "fcdc2b0de1581a3633ada4afee3f918f6eaa5b5ab38c3fef03d5b48d3f85d9f6",
        ),
    ];
    for (values, expected) in cases {
        let floats = go_json::floats(values.clone());
        assert_eq!(sha256(&yaml::emit_sorted_bytes(&values).unwrap()), expected, "{values}");
        assert_eq!(sha256(&yaml::emit_sorted_bytes(&floats).unwrap()), expected, "{values}");
    }
}

/// Members in the order of the release digest.
#[derive(Serialize)]
struct Observation {
    name: &'static str,
    version: i64,
    info: Info,
    #[serde(rename = "chartMetadata")]
    chart_metadata: Value,
    config: Option<Value>,
    manifest: &'static str,
    hooks: Option<Vec<Value>>,
    namespace: &'static str,
}

#[derive(Serialize)]
struct Info {
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<&'static str>,
}

#[test]
fn struct_fields_keep_their_order() {
    let mut observation = Observation {
        name: "foo",
        version: 0,
        info: Info { notes: None },
        chart_metadata: json!({}),
        config: None,
        manifest: "",
        hooks: None,
        namespace: "",
    };
    let line = go_json::to_string_of(&observation).unwrap() + "\n";
    assert_eq!(sha256(&line), "f1498f27a16a09cd7e1ee610d924df065c03d30035638babc95dd9a8d412ce4d");

    observation.info.notes = Some("a <b> & c\n\u{2028}");
    observation.config = Some(json!({"b": 1.0, "a": 1e21}));
    let line = go_json::to_string_of(&observation).unwrap();
    assert!(line.contains(r#""info":{"notes":"a \u003cb\u003e \u0026 c\n\u2028"}"#), "{line}");
    assert!(line.contains(r#""config":{"a":1e+21,"b":1}"#), "{line}");
}

#[test]
fn post_renderer_digests() {
    let cases = [
        (json!([]), "37517e5f3dc66819f61f5a7bb8ace1921282415f10551d2defa5c3eb0985b570"),
        (json!([{}]), "501de836b88be0a82b9af264bee8fa768a66abb5ac670b802bf7f696171b0e96"),
        (
            json!({"annotations": {"x": "y"}, "labels": {"a": "1", "b": "2"}}),
            "b29ec929c7fa1264fd976d660a5288502e050c45941b50fed802d17f697089aa",
        ),
        (json!({}), "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356"),
    ];
    for (value, expected) in cases {
        let line = go_json::to_string(&value) + "\n";
        assert_eq!(sha256(&line), expected);
    }
}

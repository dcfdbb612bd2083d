use super::*;

fn read(json: &str) -> ReleaseRecord {
    serde_json::from_str(json).unwrap()
}

fn written(record: &ReleaseRecord) -> String {
    crate::release_json(record).unwrap()
}

#[test]
fn an_empty_release_keeps_what_go_always_writes() {
    assert_eq!(
        written(&ReleaseRecord::default()),
        r#"{"info":{},"chart":{"metadata":null,"lock":null,"templates":null,"values":null,"schema":null,"schemamodtime":"0001-01-01T00:00:00Z","files":null}}"#
    );
}

#[test]
fn members_come_in_helms_order_and_escaped() {
    let json = concat!(
        r#"{"name":"app","info":{"first_deployed":"2024-05-07T04:54:21.123456789+02:00","last_deployed":"2024-05-07T04:54:22.1Z","#,
        r#""deleted":"2024-05-07T04:54:23Z","description":"a \u003cb\u003e \u0026","status":"uninstalled","notes":"n\u2028"},"#,
        r#""chart":{"metadata":{"name":"c","version":"1.0.0","apiVersion":"v2"},"#,
        r#""lock":{"generated":"2024-02-03T04:05:06.1Z","digest":"d","dependencies":[{"name":"s","version":"1","repository":""}]},"#,
        r#""templates":[{"name":"templates/a","data":"YQ==","modtime":"2024-05-07T04:54:21Z"},{"name":"t/b","data":""}],"#,
        r#""values":{"a":1,"b":{"c":1e+21}},"schema":"e30=","schemamodtime":"2024-05-07T04:54:21Z","files":null,"#,
        r#""modtime":"2024-05-07T04:54:21Z"},"config":{"x":"\u003c\u003e","y":[1.5,null,true]},"manifest":"---\n","#,
        r#""hooks":[{"name":"h","events":["pre-install","test"],"last_run":{"phase":""},"weight":-1}],"#,
        r#""version":3,"namespace":"ns","apply_method":"ssa"}"#
    );
    let record = read(json);
    assert_eq!(written(&record), json);
    assert_eq!(record.apply_method, Some(ApplyMethod::ServerSide));
    assert_eq!(record.chart.name_and_version(), ("c", "1.0.0"));
    assert_eq!(record.full_name(), "ns/app.v3");
    assert_eq!(record.key().to_string(), "sh.helm.release.v1.app.v3");
}

#[test]
fn empty_members_are_left_out() {
    let json = r#"{"name":"a","info":{"status":"deployed"},"config":{},"hooks":[],"manifest":"","version":0,"apply_method":""}"#;
    let text = written(&read(json));
    for absent in ["config", "hooks", "manifest", "version", "apply_method", "namespace"] {
        assert!(!text.contains(&format!("\"{absent}\"")), "{absent} in {text}");
    }
}

#[test]
fn reading_is_tolerant() {
    for json in [
        r#"{"info":{"first_deployed":"","last_deployed":null,"deleted":"","resources":{"v1/Pod":[]}}}"#,
        r#"{"info":null,"chart":null,"config":null,"hooks":null,"manifest":null,"version":null,"namespace":null}"#,
        r#"{"chart":{"templates":null,"files":null,"values":null,"unknown":1},"unknown":{"a":[]},"apply_method":null}"#,
        r#"{"hooks":[{"last_run":{"started_at":"","completed_at":null,"phase":""}}]}"#,
    ] {
        let record = read(json);
        assert!(record.info.first_deployed.is_zero() && record.info.deleted.is_zero(), "{json}");
        assert_eq!(record.apply_method, None);
    }
}

#[test]
fn labels_are_not_in_the_json() {
    let labels = BTreeMap::from([("team".to_owned(), "a".to_owned())]);
    let record = ReleaseRecord { labels, ..ReleaseRecord::default() };
    assert!(!written(&record).contains("team"));
}

#[test]
fn debug_output_shows_neither_values_nor_manifests() {
    let mut record =
        read(r#"{"config":{"password":"hunter2"},"manifest":"hunter2","info":{"notes":"hunter2"}}"#);
    record.chart = serde_json::from_str(r#"{"values":{"password":"hunter2"}}"#).unwrap();
    let operation = crate::StorageOperation::Create { record: std::sync::Arc::new(record.clone()) };
    assert!(!format!("{record:?} {operation:?} {:?}", crate::Observation::of(&record)).contains("hunter2"));
}

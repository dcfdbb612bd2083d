use super::*;

fn secrets() -> ApiResource {
    ApiResource { plural: "secrets".to_owned(), namespaced: true, status: false }
}

fn secret() -> Object {
    Arc::new(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": "ns", "name": "x"}}))
}

fn line(request: &HttpRequest<Vec<u8>>) -> String {
    let content_type = request.headers().get(CONTENT_TYPE).map_or("-", |value| value.to_str().unwrap());
    format!("{} {} {content_type}", request.method(), request.uri())
}

#[tokio::test]
async fn addresses_are_lines() {
    assert_eq!(addresses("127.0.0.1").await.as_ref(), b"127.0.0.1\n");
}

#[test]
fn every_request_has_its_line() {
    let object = ObjectRef::namespaced("v1", "Secret", "ns", "x");
    let patch = |patch, status, dry_run| Request::Patch {
        object: object.clone(),
        patch,
        body: secret(),
        status,
        dry_run,
    };
    let apply = Patch::Apply { force: true, validation: FieldValidation::Strict };
    let cases = [
        (Request::Get { object: object.clone() }, "GET /api/v1/namespaces/ns/secrets/x -"),
        (
            Request::Create { body: secret() },
            "POST /api/v1/namespaces/ns/secrets?fieldManager=helm-controller application/json",
        ),
        (
            Request::Update { body: secret() },
            "PUT /api/v1/namespaces/ns/secrets/x?fieldManager=helm-controller application/json",
        ),
        (
            patch(apply, false, true),
            "PATCH /api/v1/namespaces/ns/secrets/x?fieldManager=helm-controller&dryRun=All&force=true&fieldValidation=Strict application/apply-patch+yaml",
        ),
        (
            patch(Patch::Merge, true, false),
            "PATCH /api/v1/namespaces/ns/secrets/x/status?fieldManager=helm-controller application/merge-patch+json",
        ),
        (
            patch(Patch::Json, false, false),
            "PATCH /api/v1/namespaces/ns/secrets/x?fieldManager=helm-controller application/json-patch+json",
        ),
        (
            patch(Patch::StrategicMerge, false, false),
            "PATCH /api/v1/namespaces/ns/secrets/x?fieldManager=helm-controller application/strategic-merge-patch+json",
        ),
        (
            Request::Delete {
                object: object.clone(),
                propagation: Propagation::Foreground,
                preconditions: Preconditions::default(),
            },
            "DELETE /api/v1/namespaces/ns/secrets/x application/json",
        ),
    ];
    for (request, expected) in cases {
        assert_eq!(line(&http_request(&request, &secrets()).unwrap()), expected);
    }
}

#[test]
fn lists_select_by_labels() {
    let kind = GroupVersionKind::new("v1", "Secret");
    let labels = [("owner".to_owned(), "helm".to_owned())].into();
    let path = |namespace| list_path(&kind, &secrets(), namespace, &labels);
    assert_eq!(path(None).as_str(), "/api/v1/secrets?labelSelector=owner%3Dhelm");
    assert_eq!(path(Some("ns")).as_str(), "/api/v1/namespaces/ns/secrets?labelSelector=owner%3Dhelm");
}

#[test]
fn deletions_carry_policy_and_preconditions() {
    let preconditions = Preconditions { uid: Some("u".into()), resource_version: Some("7".into()) };
    assert_eq!(
        delete_options(Propagation::Orphan, &preconditions),
        json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Orphan",
               "preconditions": {"uid": "u", "resourceVersion": "7"}})
    );
    assert_eq!(
        delete_options(Propagation::Background, &Preconditions::default()),
        json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"})
    );
}

#[test]
fn items_of_lists_get_their_kind() {
    let list = json!({"kind": "SecretList", "apiVersion": "v1", "items": [{"metadata": {"name": "x"}}]});
    let items = list_items(list, &GroupVersionKind::new("v1", "Secret"));
    assert_eq!(*items[0], json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}}));
    assert!(list_items(json!({"items": null}), &GroupVersionKind::new("v1", "Secret")).is_empty());
}

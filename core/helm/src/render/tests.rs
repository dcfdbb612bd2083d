use pilothouse_machine::Task;
use pilothouse_protocol::ObjectRef;
use serde_json::json;

use super::*;
use crate::Discover;
use crate::fake::{Fake, chart, config};

/// Rendering as a task.
struct Rendering(RenderChart);

impl Task for Rendering {
    type Output = Result<Rendered, HelmError>;

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        self.0.poll(&config(), context)
    }

    fn describe(&self) -> String {
        self.0.describe()
    }
}

fn rendered(fake: &mut Fake, templates: &[(&str, &str)]) -> Result<Rendered, String> {
    fake.run(Discover::new()).unwrap();
    let values = json!({"name": "seed"}).as_object().cloned().unwrap();
    let input = RenderInput { chart: chart(templates), values, revision: 1, is_upgrade: false, reuse: None };
    fake.run(Rendering(RenderChart::new(input, RenderOptions::default()))).map_err(|error| error.to_string())
}

const LOOKUP: &str = r#"{{- $first := lookup "v1" "ConfigMap" "ns" .Values.name }}
{{- $second := lookup "v1" "ConfigMap" "ns" (dig "data" "next" "none" $first) }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: app
data:
  found: {{ dig "data" "text" "nothing" $second }}
"#;

#[test]
fn lookups_may_depend_on_each_other() {
    let mut fake = Fake::new();
    assert!(rendered(&mut fake, &[("a.yaml", LOOKUP)]).unwrap().manifest.contains("found: nothing"));
    for (name, data) in [("seed", json!({"next": "other"})), ("other", json!({"text": "treasure"}))] {
        let object = ObjectRef::namespaced("v1", "ConfigMap", "ns", name);
        fake.objects.insert(object, json!({"apiVersion": "v1", "kind": "ConfigMap", "data": data}));
    }
    assert!(rendered(&mut fake, &[("a.yaml", LOOKUP)]).unwrap().manifest.contains("found: treasure"));
}

#[test]
fn templates_see_the_cluster() {
    let text = "{{ if .Capabilities.APIVersions.Has \"apps/v1/Deployment\" }}yes{{ end }} {{ .Capabilities.KubeVersion }}";
    let rendered = rendered(&mut Fake::new(), &[("NOTES.txt", text)]).unwrap();
    assert_eq!(rendered.notes, "yes v1.36.1");
    assert_eq!(rendered.config.map(Value::Object), Some(json!({"name": "seed"})));
}

#[test]
fn a_failing_template_is_an_error_of_the_chart() {
    let error = rendered(&mut Fake::new(), &[("a.yaml", "{{ fail \"no\" }}")]).unwrap_err();
    assert!(error.contains("app/templates/a.yaml") && error.ends_with("no"), "{error}");
}

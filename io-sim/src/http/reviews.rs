//! Reviews: may I do this, who am I. They are answered and never stored.

use pilothouse_protocol::{ApiError, Identity};
use serde_json::{Value, json};

use super::{Context, HttpResponse, Refusal};
use crate::server::errors;
use crate::server::kinds::Kind;
use crate::server::rbac::{Attempt, authorise};

impl Context<'_> {
    /// Answers a review of the one who asks. Reviews of others are refused: the model knows no tokens and no users.
    pub(super) fn review(&self, kind: &Kind, mut body: Value) -> Result<HttpResponse, Refusal> {
        body["status"] = match kind.gvk.kind.as_str() {
            "SelfSubjectAccessReview" => self.access(&body["spec"]),
            "SelfSubjectReview" => {
                json!({"userInfo": {"username": self.user(), "groups": ["system:authenticated"]}})
            }
            other => {
                let message = format!("the simulated API server does not answer {other}s");
                return Err(ApiError::new(501, "NotImplemented", message).into());
            }
        };
        Ok(HttpResponse::of_json(201, &body))
    }

    fn access(&self, spec: &Value) -> Value {
        let attributes = &spec["resourceAttributes"];
        let text = |field: &str| attributes[field].as_str().unwrap_or_default();
        if self.who.identity == Identity::Controller {
            return json!({"allowed": true});
        }
        let resource = match text("group") {
            "" => text("resource").to_owned(),
            group => format!("{}.{group}", text("resource")),
        };
        let Some(found) = self.server.kinds().of_resource(&resource) else {
            return json!({"allowed": false, "reason": errors::unknown_kind().message});
        };
        let attempt = Attempt {
            verb: text("verb"),
            kind: found,
            status: text("subresource") == "status",
            namespace: text("namespace"),
            name: text("name"),
        };
        json!({"allowed": authorise(self.server.store(), &self.who.identity, &attempt).is_ok()})
    }

    fn user(&self) -> String {
        match self.who.identity.impersonated() {
            Some((namespace, name)) => format!("system:serviceaccount:{namespace}:{name}"),
            None => "kubernetes-admin".to_owned(),
        }
    }
}

//! What Helm does, as tasks over the Kubernetes API.

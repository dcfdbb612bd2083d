//! Defaults of what storage is made of (`pkg/apis/core/v1/defaults.go`, `pkg/apis/storage/v1/defaults.go`), and what the
//! server counts of it.

use serde_json::{Value, json};

use super::defaults::{inner, set};

/// `PersistentVolume.spec`.
pub(super) fn volume(spec: &mut Value) {
    set(spec, "persistentVolumeReclaimPolicy", json!("Retain"));
    set(spec, "volumeMode", json!("Filesystem"));
    if let Some(path) = spec.get_mut("hostPath") {
        set(path, "type", json!(""));
    }
}

/// `StorageClass`.
pub(super) fn storage_class(class: &mut Value) {
    set(class, "reclaimPolicy", json!("Delete"));
    set(class, "volumeBindingMode", json!("Immediate"));
}

/// `CSIDriver.spec`.
pub(super) fn storage_driver(spec: &mut Value) {
    for (field, default) in [
        ("attachRequired", json!(true)),
        ("podInfoOnMount", json!(false)),
        ("storageCapacity", json!(false)),
        ("fsGroupPolicy", json!("ReadWriteOnceWithFSType")),
        ("volumeLifecycleModes", json!(["Persistent"])),
        ("requiresRepublish", json!(false)),
        ("seLinuxMount", json!(false)),
    ] {
        set(spec, field, default);
    }
}

/// When the phase of a volume changed last, unless the writer of its status says.
pub(super) fn note_phase(live: &Value, object: &mut Value, time: &str) {
    let of = |volume: &Value, field: &str| volume["status"].get(field).cloned();
    let (before, told) = (of(live, "lastPhaseTransitionTime"), of(object, "lastPhaseTransitionTime"));
    let noted = match (of(live, "phase") == of(object, "phase"), told) {
        (true, None) => before,
        (false, told) if told.is_none() || told == before => Some(json!(time)),
        (_, told) => told,
    };
    if let Some(noted) = noted {
        inner(object, "status")["lastPhaseTransitionTime"] = noted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_phase_is_noted_once() {
        let live = json!({"status": {"phase": "Pending", "lastPhaseTransitionTime": "a"}});
        let mut same = json!({"status": {"phase": "Pending"}});
        note_phase(&live, &mut same, "b");
        assert_eq!(same["status"]["lastPhaseTransitionTime"], "a");
        let mut other = json!({"status": {"phase": "Bound", "lastPhaseTransitionTime": "a"}});
        note_phase(&live, &mut other, "b");
        assert_eq!(other["status"]["lastPhaseTransitionTime"], "b");
        let mut told = json!({"status": {"phase": "Bound", "lastPhaseTransitionTime": "c"}});
        note_phase(&live, &mut told, "b");
        assert_eq!(told["status"]["lastPhaseTransitionTime"], "c");
    }
}

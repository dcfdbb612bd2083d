//! Merging of maps.

use serde_json::{Map, Value};

/// Merges `over` into `base`: maps are merged, everything else is replaced.
pub fn merge_maps(base: &mut Map<String, Value>, over: Map<String, Value>) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Object(base)), Value::Object(over)) => merge_maps(base, over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

//! Payloads of Helm's storage: decoded, with tokens in place of secrets, and encoded again.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pilothouse_encoding::yaml;
use pilothouse_release::{Limits, ReleaseRecord, decode, encode};
use serde_json::{Map, Value};

use super::mask::Masker;

impl Masker {
    /// `data.release` of a storage object; in a Secret it is encoded once more.
    pub(super) fn payload_field(&mut self, data: &mut Map<String, Value>, is_secret: bool) {
        for (name, value) in data.iter_mut() {
            let Value::String(stored) = value else { continue };
            if let Some(known) = self.pair(stored) {
                *stored = known;
                continue;
            }
            let masked = if name == "release" { self.payload(stored, is_secret) } else { None };
            let masked = masked.unwrap_or_else(|| STANDARD.encode(self.tokens.bytes(stored.as_bytes())));
            self.learn(stored, &masked);
            *stored = masked;
        }
    }

    /// `None` for what is no release: nobody can say what is in it.
    fn payload(&mut self, stored: &str, is_secret: bool) -> Option<String> {
        let text = match is_secret {
            true => String::from_utf8(STANDARD.decode(stored.as_bytes()).ok()?).ok()?,
            false => stored.to_owned(),
        };
        let mut record = decode(&text, &Limits::default()).ok()?;
        self.record(&mut record);
        let text = encode(&record, &Limits { encoded: usize::MAX, ..Limits::default() }).ok()?;
        Some(if is_secret { STANDARD.encode(text) } else { text })
    }

    /// Values first: what is secret in them is known when the manifests are looked at.
    fn record(&mut self, record: &mut ReleaseRecord) {
        if let Some(config) = &mut record.config {
            config.values_mut().for_each(|value| self.stored_values(value));
        }
        record.manifest = self.manifest(&record.manifest);
        for hook in &mut record.hooks {
            hook.manifest = self.manifest(&hook.manifest);
        }
        for text in [&mut record.info.notes, &mut record.info.description] {
            if let Some(masked) = self.known.replace(text) {
                *text = masked;
            }
        }
        // Charts are no secrets; but who knows what somebody has put into one.
        if let Ok(text) = serde_json::to_string(&record.chart)
            && let Some(masked) = self.known.replace(&text)
            && let Ok(chart) = serde_json::from_str(&masked)
        {
            record.chart = chart;
        }
    }

    /// Values are those of Secrets and those of the HelmRelease together; the latter stay.
    fn stored_values(&mut self, value: &mut Value) {
        match value {
            Value::String(text) if self.inline.contains(text.as_str()) && self.pair(text).is_none() => {}
            Value::Array(items) => items.iter_mut().for_each(|item| self.stored_values(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.stored_values(field)),
            other => self.values(other, 0),
        }
    }

    /// Objects as text: Secrets are written anew, what is known to be secret is replaced in the others.
    fn manifest(&mut self, manifest: &str) -> String {
        let mut masked = String::with_capacity(manifest.len());
        for (number, document) in manifest.split("\n---").enumerate() {
            if number > 0 {
                masked.push_str("\n---");
            }
            match self.secret_document(document) {
                Some(document) => masked.push_str(&document),
                None => masked.push_str(&self.known.replace(document).unwrap_or_else(|| document.to_owned())),
            }
        }
        masked
    }

    fn secret_document(&mut self, document: &str) -> Option<String> {
        if !document.contains("Secret") {
            return None;
        }
        let text = document.trim_start_matches("---");
        let mut object = yaml::parse(text).ok().filter(|object| object["kind"] == "Secret")?;
        self.data_object(&mut object);
        let separator = if document.starts_with("---") { "---" } else { "" };
        let comments = text.lines().filter(|line| line.starts_with('#'));
        let comments: String = comments.map(|line| format!("{line}\n")).collect();
        Some(format!("{separator}\n{comments}{}", yaml::emit(&object).ok()?.trim_end()))
    }
}

//! Printing objects, or writing them to files.

use std::borrow::Cow;
use std::io::{self, Write};

use pilothouse_chart::{Chart, Hook, HookEvent, RenderOptions, Rendered, render_templates};
use serde_json::{Map, Value};

use super::files::OutputFolder;
use super::show_only::selected;
use super::{TemplateError, TemplateFlags};

/// Prints the objects, then the hooks.
pub(super) fn print(
    flags: &TemplateFlags,
    release_name: &str,
    rendered: &Rendered,
    out: &mut dyn Write,
) -> Result<(), TemplateError> {
    let hooks = rendered.hooks.iter().filter(|hook| is_shown(flags, hook));
    if !flags.output_dir.is_empty() {
        return write_files(flags, release_name, rendered, hooks, out);
    }
    let mut text = String::new();
    for hook in hooks {
        for part in ["---\n# Source: ", &hook.path, "\n", &hook.manifest, "\n"] {
            text.push_str(part);
        }
    }
    if !flags.show_only.is_empty() {
        let text = format!("{}\n{text}", go_trimmed(&rendered.manifest()));
        return Ok(out.write_all(selected(&text, &flags.show_only)?.as_bytes())?);
    }
    write_trimmed(rendered.parts(), out)?;
    for part in ["\n", &text] {
        out.write_all(part.as_bytes())?;
    }
    Ok(())
}

/// Writes texts, which begin with no white space, but not the white space behind the last of them.
fn write_trimmed<'t>(parts: impl Iterator<Item = Cow<'t, str>>, out: &mut dyn Write) -> io::Result<()> {
    let mut held = String::new();
    for part in parts {
        let trimmed = part.trim_end();
        if !trimmed.is_empty() {
            out.write_all(held.as_bytes())?;
            held.clear();
            out.write_all(trimmed.as_bytes())?;
        }
        held.push_str(&part[trimmed.len()..]);
    }
    Ok(())
}

/// Prints what the templates rendered as it is, for `--debug`; nothing when they rendered nothing.
pub(super) fn print_unsorted(
    chart: &Chart,
    values: &Map<String, Value>,
    options: &RenderOptions,
    out: &mut dyn Write,
) -> Result<(), TemplateError> {
    let files = render_templates(chart, values, options).unwrap_or_default();
    let mut text = String::new();
    for (name, content) in files.iter().filter(|(_, content)| !content.trim().is_empty()) {
        for part in ["---\n# Source: ", name, "\n", content, "\n"] {
            text.push_str(part);
        }
    }
    Ok(writeln!(out, "{}", go_trimmed(&text))?)
}

fn is_shown(flags: &TemplateFlags, hook: &Hook) -> bool {
    let is_left_out = flags.no_hooks || (flags.skip_tests && hook.events.contains(&HookEvent::Test));
    !is_left_out
}

fn write_files<'r>(
    flags: &TemplateFlags,
    release_name: &str,
    rendered: &'r Rendered,
    hooks: impl Iterator<Item = &'r Hook>,
    out: &mut dyn Write,
) -> Result<(), TemplateError> {
    let mut top = OutputFolder::new(&flags.output_dir);
    if flags.include_crds {
        for crd in &rendered.chart.crds() {
            top.write(&crd.name, &String::from_utf8_lossy(&crd.data), out)?;
        }
    }
    let mut folder = if flags.release_name { top.within(release_name) } else { top };
    for manifest in &rendered.manifests {
        folder.write(&manifest.name, &manifest.content, out)?;
    }
    for hook in hooks {
        folder.append(&hook.path, &hook.manifest, out)?;
    }
    // Helm prints the objects, and there are none left.
    Ok(out.write_all(b"\n")?)
}

/// Go's `strings.TrimSpace`.
fn go_trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace())
}

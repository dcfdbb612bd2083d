//! How the chart of a HelmRelease is rendered and post-rendered (spec 05 §1, §8).

use pilothouse_helm::RenderOptions;
use pilothouse_machine::Context;

use crate::Subject;

/// Options of rendering.
#[must_use]
pub fn render_options(
    subject: &Subject,
    disable_schema_validation: bool,
    context: &mut Context,
) -> RenderOptions {
    let _ = (subject, context);
    RenderOptions { disable_schema_validation, ..RenderOptions::default() }
}

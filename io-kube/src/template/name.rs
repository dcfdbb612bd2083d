//! The name of the release and the chart from the arguments.

use pilothouse_template::{
    Budget, Changed, Detached, Environment, MissingKey, Moment, SeededEntropy, TemplateSet, Value,
};

use super::{Surroundings, TemplateError, TemplateFlags};

/// The name that Helm gives when only a chart is named.
const PLACEHOLDER: &str = "release-name";

/// Name and chart.
pub(super) fn name_and_chart<'f>(
    flags: &'f TemplateFlags,
    surroundings: &Surroundings<'_>,
) -> Result<(String, &'f str), TemplateError> {
    let wrong = |text: &str| Err(TemplateError::Arguments(text.to_owned()));
    match &flags.arguments[..] {
        [] => wrong("a chart is needed: a folder or a .tgz file"),
        [name, chart] => {
            if flags.generate_name {
                return wrong("cannot set --generate-name and also specify a name");
            }
            if !flags.name_template.is_empty() {
                return wrong("cannot set --name-template and also specify a name");
            }
            Ok((name.clone(), chart))
        }
        [chart] => Ok((name_of(chart, flags, surroundings)?, chart)),
        [_, _, more @ ..] => {
            wrong(&format!("expected at most two arguments, unexpected arguments: {}", more.join(", ")))
        }
    }
}

fn name_of(
    chart: &str,
    flags: &TemplateFlags,
    surroundings: &Surroundings<'_>,
) -> Result<String, TemplateError> {
    if !flags.name_template.is_empty() {
        return from_template(&flags.name_template, surroundings).map_err(TemplateError::Arguments);
    }
    // As in Helm: `template` has a name already and generates none.
    if flags.output.is_none() {
        return Ok(PLACEHOLDER.to_owned());
    }
    if !flags.generate_name {
        let text = "must either provide a name or specify --generate-name";
        return Err(TemplateError::Arguments(text.to_owned()));
    }
    let base = chart.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let base = if matches!(base, "" | ".") { "chart" } else { base };
    let base = base.split('.').next().unwrap_or(base);
    Ok(format!("{base}-{}", surroundings.wall.div_euclid(1_000_000_000)))
}

/// Runs `--name-template`, without data.
fn from_template(text: &str, surroundings: &Surroundings<'_>) -> Result<String, String> {
    const NAME: &str = "name-template";
    let mut set = TemplateSet::new(MissingKey::Default);
    set.parse(NAME, text).map_err(|error| error.to_string())?;
    let seed = surroundings.entropy.iter().take(8).fold(0, |seed, byte| (seed << 8) | u64::from(*byte));
    let (mut host, mut entropy) = (Detached, SeededEntropy::new(seed));
    let mut environment = Environment {
        host: &mut host,
        entropy: &mut entropy,
        changed: &mut Changed::default(),
        now: Moment { seconds: surroundings.wall.div_euclid(1_000_000_000), nanoseconds: 0 },
        budget: Budget::default(),
    };
    set.execute(NAME, &Value::Nil, &mut environment).map_err(|error| error.to_string())
}

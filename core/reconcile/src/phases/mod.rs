//! What a HelmRelease does with Helm: one file per phase of a pass, in the order in which they run.

pub mod atomic;
pub mod attempt;
pub mod chart;
pub mod chart_template;
pub mod connect;
pub mod decide;
pub mod deletion;
pub mod dependencies;
pub mod desired;
pub mod drift;
pub mod facts;
pub mod health_checks;
pub mod observed;
pub mod options;
pub mod outcome;
pub mod policy;
pub mod rendering;
pub mod running;
pub mod source;
pub(crate) mod stop;
pub mod summarise;
pub mod target;
pub mod terminal;
pub mod transitions;
pub mod uninstall;
pub mod values;

//! Settings: `replicas=2 hooks=pre-install,pre-upgrade message="two words"`.

use super::{Knob, Span};

/// Knobs with their values, in the order in which they were written. Each knob is there at most once.
pub type Settings = Vec<(Knob, Value)>;

/// The value of a knob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A whole number; remediation retries may be below zero.
    Number(i32),
    /// `yes` or `no`.
    Flag(bool),
    /// A duration.
    Span(Span),
    /// Words with commas between them.
    Words(Vec<String>),
    /// A text.
    Text(String),
}

/// The kinds of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// A whole number.
    Number,
    /// `yes` or `no`.
    Flag,
    /// A duration.
    Span,
    /// Words with commas between them.
    Words,
    /// A text.
    Text,
}

/// Which statements have a knob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Chart,
    Release,
    Values,
}

impl Knob {
    /// What its value is.
    #[must_use]
    pub const fn kind(self) -> ValueKind {
        match self {
            Self::Workloads
            | Self::InstallRetries
            | Self::UpgradeRetries
            | Self::MaxHistory
            | Self::Replicas
            | Self::Without => ValueKind::Number,
            Self::Test
            | Self::Keep
            | Self::Secret
            | Self::Crds
            | Self::Suspend
            | Self::RemediateLast
            | Self::ServerSide
            | Self::KeepHistory
            | Self::DisableWait
            | Self::Stuck
            | Self::FailHook
            | Self::FailTest
            | Self::FailRender => ValueKind::Flag,
            Self::Interval | Self::Timeout | Self::Retry => ValueKind::Span,
            Self::Hooks | Self::DependsOn | Self::ValuesFrom | Self::Items => ValueKind::Words,
            Self::Source
            | Self::Strategy
            | Self::Drift
            | Self::ReleaseName
            | Self::TargetNamespace
            | Self::PostRender
            | Self::CrdsPolicy
            | Self::Shard
            | Self::Message
            | Self::Password
            | Self::Selector => ValueKind::Text,
        }
    }

    /// Whether it is a value of the chart, which releases and sources of values set.
    #[must_use]
    pub const fn is_chart_value(self) -> bool {
        matches!(
            self,
            Self::Replicas
                | Self::Message
                | Self::Password
                | Self::Stuck
                | Self::FailHook
                | Self::FailTest
                | Self::FailRender
                | Self::Items
                | Self::Selector
                | Self::Without
        )
    }

    pub(super) const fn belongs_to(self, scope: Scope) -> bool {
        let of_chart = matches!(
            self,
            Self::Workloads | Self::Hooks | Self::Test | Self::Keep | Self::Secret | Self::Crds
        );
        match scope {
            Scope::Chart => of_chart,
            Scope::Values => self.is_chart_value(),
            Scope::Release => !of_chart || matches!(self, Self::Test),
        }
    }

    /// The words that a text must be one of; empty for free texts.
    pub(super) const fn choices(self) -> &'static [&'static str] {
        match self {
            Self::Strategy => &["rollback", "uninstall"],
            Self::Drift => &["enabled", "warn", "disabled"],
            Self::CrdsPolicy => &["Skip", "Create", "CreateReplace"],
            Self::Hooks => &[
                "pre-install",
                "post-install",
                "pre-upgrade",
                "post-upgrade",
                "pre-rollback",
                "post-rollback",
                "pre-delete",
                "post-delete",
            ],
            _ => &[],
        }
    }
}

//! Which releases there are, and how they are declared.

use super::{Draft, NAMES, Planned, text};
use crate::rng::Rng;
use crate::scenario::{Knob, Settings, Span, Unit, Value, ValuesKind};

impl Draft {
    /// The releases, with their policies and the knobs of their charts.
    pub(super) fn plan(&mut self) {
        self.shards += u64::from(self.later.chance(150));
        self.replicas += u64::from(self.shards == 1 && self.later.chance(150));
        let count = 1
            + usize::from(self.rng.chance(500))
            + usize::from(self.rng.chance(300))
            + usize::from(self.rng.chance(150));
        for (index, name) in NAMES.into_iter().take(count).enumerate() {
            let mut base: Settings = vec![(Knob::Source, text(name))];
            let minutes = u32::try_from(self.rng.between(1, 10)).unwrap_or(5);
            base.push((Knob::Interval, Value::Span(Span { count: minutes, unit: Unit::Minutes })));
            let timeout = u32::try_from(self.rng.between(10, 90)).unwrap_or(30);
            base.push((Knob::Timeout, Value::Span(Span::seconds(timeout))));
            if index > 0 && self.rng.chance(500) {
                let other = NAMES[self.pick(index)];
                base.push((Knob::DependsOn, Value::Words(vec![other.to_owned()])));
            }
            self.policies(&mut base);
            let from = self.rng.chance(400).then(|| {
                let secret = self.rng.chance(500);
                let kind = if secret { ValuesKind::Secret } else { ValuesKind::ConfigMap };
                (kind, format!("values-{name}"))
            });
            if let Some((kind, from)) = &from {
                base.push((Knob::ValuesFrom, Value::Words(vec![format!("{}/{from}", kind.word())])));
            }
            let test = self.rng.chance(300);
            if test {
                base.push((Knob::Test, Value::Flag(true)));
            }
            let workloads = i32::try_from(self.rng.below(4)).unwrap_or(1);
            let mut values = vec![(Knob::Message, text("first"))];
            if self.later.chance(400) {
                values.push((Knob::Items, Value::Words(vec!["one".to_owned(), "two".to_owned()])));
            }
            if self.shards > 1 && self.later.chance(600) {
                base.push((Knob::Shard, text("shard-1")));
            }
            let crds = self.later.chance(400);
            if crds && self.later.chance(700) {
                let policy = ["Skip", "Create", "Create", "CreateReplace"][self.later.below(4) as usize % 4];
                base.push((Knob::CrdsPolicy, text(policy)));
            }
            let (hooks, secret) = (self.rng.chance(350), self.rng.chance(400));
            self.releases.push(Planned {
                name,
                base,
                values,
                from,
                hooks,
                test,
                workloads,
                secret,
                crds,
                version: 0,
                given_up: false,
            });
        }
    }

    fn policies(&mut self, base: &mut Settings) {
        let retries = |rng: &mut Rng| Value::Number(i32::try_from(rng.below(4)).unwrap_or(0));
        for (knob, per_mille) in [(Knob::InstallRetries, 400), (Knob::UpgradeRetries, 500)] {
            if self.rng.chance(per_mille) {
                base.push((knob, retries(&mut self.rng)));
            }
        }
        if self.rng.chance(250) {
            base.push((Knob::Strategy, text(if self.rng.chance(300) { "uninstall" } else { "rollback" })));
        }
        let retry = self.rng.chance(200);
        if retry || self.later.chance(100) {
            base.push((Knob::Retry, Value::Span(Span::seconds(5))));
        }
        for (knob, per_mille) in
            [(Knob::RemediateLast, 200), (Knob::DisableWait, 100), (Knob::KeepHistory, 100)]
        {
            if self.rng.chance(per_mille) {
                base.push((knob, Value::Flag(true)));
            }
        }
        if self.rng.chance(400) {
            base.push((Knob::ServerSide, Value::Flag(self.rng.chance(500))));
        }
        if self.rng.chance(300) {
            base.push((Knob::Drift, text(if self.rng.chance(700) { "enabled" } else { "warn" })));
        }
        if self.rng.chance(150) {
            base.push((Knob::MaxHistory, Value::Number(i32::try_from(self.rng.between(1, 4)).unwrap_or(2))));
        }
        if self.rng.chance(150) {
            base.push((Knob::TargetNamespace, text("other")));
        }
        if self.rng.chance(150) {
            base.push((Knob::PostRender, text("first")));
        }
    }
}

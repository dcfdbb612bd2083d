//! What comes before a chart is rendered: its CRDs, and what the cluster serves then.

use std::sync::Arc;

use pilothouse_chart::CrdFile;
use pilothouse_machine::{Context, Task};

use crate::crds::ApplyCrds;
use crate::served::DiscoverServed;
use crate::{ActionConfig, CrdsPolicy, Discover, HelmError, WaitOptions};

/// Applies CRDs, then looks what the cluster serves.
#[derive(Debug)]
pub(crate) struct Preflight {
    config: Arc<ActionConfig>,
    crds: CrdsOptions,
    state: State,
}

/// The CRDs of a chart and what is to become of them.
#[derive(Debug, Clone)]
pub(crate) struct CrdsOptions {
    /// The files, or why it is not known which they are.
    pub(crate) files: Result<Vec<CrdFile>, HelmError>,
    pub(crate) policy: CrdsPolicy,
    pub(crate) server_side: bool,
    pub(crate) wait: WaitOptions,
}

#[derive(Debug)]
enum State {
    DiscoveringBeforeCrds(Discover),
    ApplyingCrds(Box<ApplyCrds>),
    Discovering(DiscoverServed),
}

impl Preflight {
    /// For these CRDs.
    pub(crate) fn new(config: Arc<ActionConfig>, crds: CrdsOptions) -> Self {
        let state = match crds.files.as_ref().is_ok_and(Vec::is_empty) {
            true => State::Discovering(DiscoverServed::default()),
            false => State::DiscoveringBeforeCrds(Discover::new()),
        };
        Self { config, crds, state }
    }

    /// Goes as far as it can. An unreachable cluster is a [`HelmError::Unreachable`].
    pub(crate) fn poll(&mut self, context: &mut Context) -> Option<Result<(), HelmError>> {
        loop {
            match &mut self.state {
                State::DiscoveringBeforeCrds(discover) => match discover.poll(context)? {
                    Ok(_) => self.state = State::ApplyingCrds(Box::new(self.apply())),
                    Err(error) => return Some(Err(error)),
                },
                State::ApplyingCrds(apply) => match apply.poll(context)? {
                    Ok(Some(kinds)) => self.state = State::Discovering(DiscoverServed::new(kinds)),
                    Ok(None) => return Some(Ok(())),
                    Err(error) => return Some(Err(error)),
                },
                State::Discovering(discover) => return discover.poll(context),
            }
        }
    }

    /// What it is doing, for progress displays.
    pub(crate) fn describe(&self) -> String {
        match &self.state {
            State::DiscoveringBeforeCrds(discover) => discover.describe(),
            State::Discovering(discover) => discover.describe(),
            State::ApplyingCrds(_) => "applying CustomResourceDefinitions".to_owned(),
        }
    }

    fn apply(&mut self) -> ApplyCrds {
        ApplyCrds::new(self.config.clone(), self.crds.clone())
    }
}

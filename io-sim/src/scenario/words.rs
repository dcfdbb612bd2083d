//! The words of the language, each an enum with its spelling.

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in a scenario.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The one with this word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.word() == word)
            }
        }
    };
}

words! {
    /// What goes wrong with a request.
    FaultWord {
        /// 409 as if somebody else had written in between; only for guarded writes.
        Conflict = "conflict",
        /// 500 without effect.
        InternalError = "internal-error",
        /// 503 without effect.
        Unavailable = "unavailable",
        /// 429 with a time to wait.
        Throttled = "throttled",
        /// No connection.
        Unreachable = "unreachable",
        /// The effect happens, the reply is lost.
        LostAcknowledgement = "lost-acknowledgement",
        /// Neither effect nor reply; the caller cannot know.
        LostRequest = "lost-request",
        /// The effect happens and no reply ever comes.
        Silence = "silence",
        /// The reply comes 40 seconds late.
        Late = "late",
        /// The reply comes 100 seconds late, after the caller has given up.
        VeryLate = "very-late",
        /// The reply comes again 3 seconds later.
        Duplicate = "duplicate",
        /// 500 `etcdserver: leader changed`.
        LeaderChanged = "leader-changed",
        /// 413 `etcdserver: request is too large`.
        TooLarge = "too-large",
        /// 403 of the authorizer.
        Forbidden = "forbidden",
        /// 401.
        Unauthorized = "unauthorized",
        /// 403 of an admission webhook.
        WebhookDenied = "webhook-denied",
        /// 500: an admission webhook did not answer.
        WebhookTimeout = "webhook-timeout",
        /// 403: a quota is used up.
        Quota = "quota",
        /// 422: a field cannot be changed.
        Immutable = "immutable",
        /// 404: the kind is not served.
        NoMatch = "no-match",
        /// 403: the namespace is on its way out.
        Terminating = "terminating",
    }
}

words! {
    /// What a request does, to aim a fault.
    Verb {
        /// GET of one object.
        Get = "get",
        /// GET of many, whole or their metadata.
        List = "list",
        /// POST.
        Create = "create",
        /// PUT.
        Update = "update",
        /// PATCH of an object.
        Patch = "patch",
        /// PATCH of a status.
        Status = "status",
        /// DELETE.
        Delete = "delete",
        /// Discovery.
        Discover = "discover",
        /// A download.
        Fetch = "fetch",
        /// PATCH of an object without effect.
        Compare = "compare",
        /// Anything that changes something.
        Write = "write",
        /// Anything.
        Any = "any",
    }
}

words! {
    /// What the operator does with a release, or waits for: the states of `reliability.md` §5 C1.
    State {
        /// No pass is under way: for the next interval, the next try, or a turn.
        Rest = "rest",
        /// In a pass without a request: for objects, or until something is tried again.
        Wait = "wait",
        /// GET of the HelmRelease.
        ReadRelease = "read-release",
        /// PATCH of the HelmRelease: its finalizer.
        MarkRelease = "mark-release",
        /// PATCH of its status.
        WriteStatus = "write-status",
        /// GET of a ConfigMap or Secret with values.
        ReadValues = "read-values",
        /// The download of the chart.
        Fetch = "fetch",
        /// Discovery.
        Discover = "discover",
        /// The list of Helm's storage.
        ListStorage = "list-storage",
        /// GET of a stored revision.
        ReadRevision = "read-revision",
        /// A new revision.
        CreateRevision = "create-revision",
        /// Another status of a revision.
        UpdateRevision = "update-revision",
        /// A revision too many goes.
        DeleteRevision = "delete-revision",
        /// A CustomResourceDefinition is made or replaced.
        WriteCrd = "write-crd",
        /// GET of an object of the release.
        ReadObject = "read-object",
        /// PATCH of an object without effect, to see how it differs.
        CompareObject = "compare-object",
        /// POST of an object.
        CreateObject = "create-object",
        /// PATCH of an object.
        ApplyObject = "apply-object",
        /// DELETE of an object.
        DeleteObject = "delete-object",
        /// The Job of a hook is made.
        RunHook = "run-hook",
        /// The Job of a hook goes.
        DeleteHook = "delete-hook",
    }
}

words! {
    /// Where a crash happens, seen from a request.
    Place {
        /// The request was wanted, and never sent.
        Before = "before",
        /// The effect happened, the reply was not seen.
        Effect = "effect",
        /// The reply was seen, what followed from it was not done.
        Reply = "reply",
    }
}

words! {
    /// What a source offers.
    SourceState {
        /// The archive of its chart.
        Whole = "whole",
        /// Nothing under the address.
        Missing = "missing",
        /// Bytes that are no archive.
        Corrupt = "corrupt",
        /// No bytes.
        Empty = "empty",
        /// Another archive than the digest says.
        WrongDigest = "wrong-digest",
        /// The artifact server cannot be reached.
        Unreachable = "unreachable",
        /// The source itself is not ready and has no artifact.
        NotReady = "not-ready",
    }
}

words! {
    /// What somebody does with `helm`, or by hand in its storage.
    HelmCommand {
        /// `helm uninstall`: the objects of the newest revision and the whole history go.
        Uninstall = "uninstall",
        /// `helm rollback`: the previous revision comes again as a new one.
        Rollback = "rollback",
        /// The newest revision is deleted.
        Forget = "forget",
        /// A revision in the middle is deleted.
        ForgetMiddle = "forget-middle",
        /// The newest revision becomes unreadable.
        Corrupt = "corrupt",
        /// The labels of the newest revision tell another status.
        Mislabel = "mislabel",
        /// A copy of the newest revision as the next one, pending, as a killed `helm upgrade` leaves it.
        Pending = "pending",
        /// A copy of the newest revision as the next one, deployed beside it.
        Twin = "twin",
        /// Unreadable revisions are removed: what somebody does who repairs a storage.
        Repair = "repair",
    }
}

words! {
    /// Where values come from.
    ValuesKind {
        /// A ConfigMap.
        ConfigMap = "ConfigMap",
        /// A Secret.
        Secret = "Secret",
    }
}

words! {
    /// What can be set on charts, releases and values.
    Knob {
        /// Chart: how many Deployments.
        Workloads = "workloads",
        /// Chart: the events at which a Job runs as a hook.
        Hooks = "hooks",
        /// Chart: whether it has a test. Release: whether tests run.
        Test = "test",
        /// Chart: whether it has an object with the policy `keep`.
        Keep = "keep",
        /// Chart: whether it has a Secret that shows the value `password`.
        Secret = "secret",
        /// Chart: whether it brings a CustomResourceDefinition that tells the version of the chart.
        Crds = "crds",
        /// Release: the source of the chart.
        Source = "source",
        /// Release: `spec.interval`.
        Interval = "interval",
        /// Release: `spec.timeout`.
        Timeout = "timeout",
        /// Release: names of releases that must be ready before.
        DependsOn = "depends-on",
        /// Release: ConfigMaps and Secrets with values, `Secret/name`.
        ValuesFrom = "values-from",
        /// Release: `spec.suspend`.
        Suspend = "suspend",
        /// Release: `spec.install.remediation.retries`.
        InstallRetries = "install-retries",
        /// Release: `spec.upgrade.remediation.retries`.
        UpgradeRetries = "upgrade-retries",
        /// Release: `spec.upgrade.remediation.strategy`.
        Strategy = "strategy",
        /// Release: `RetryOnFailure` with this interval for installs and upgrades.
        Retry = "retry",
        /// Release: `remediateLastFailure` of both remediations.
        RemediateLast = "remediate-last",
        /// Release: `spec.driftDetection.mode`.
        Drift = "drift",
        /// Release: server-side apply.
        ServerSide = "server-side",
        /// Release: `spec.releaseName`.
        ReleaseName = "release-name",
        /// Release: `spec.targetNamespace`.
        TargetNamespace = "target-namespace",
        /// Release: `spec.maxHistory`.
        MaxHistory = "max-history",
        /// Release: `spec.uninstall.keepHistory`.
        KeepHistory = "keep-history",
        /// Release: a post-renderer that labels everything with this word.
        PostRender = "post-render",
        /// Release: waiting for objects is left out.
        DisableWait = "disable-wait",
        /// Release: the shard that it belongs to, `shard-1` and so on.
        Shard = "shard",
        /// Release: `spec.install.crds` and `spec.upgrade.crds`.
        CrdsPolicy = "crds-policy",
        /// Value: replicas of the Deployments.
        Replicas = "replicas",
        /// Value: a text in the ConfigMap.
        Message = "message",
        /// Value: a text in the Secret.
        Password = "password",
        /// Value: the Pods never become ready.
        Stuck = "stuck",
        /// Value: the hooks fail.
        FailHook = "fail-hook",
        /// Value: the test fails.
        FailTest = "fail-test",
        /// Value: the templates fail.
        FailRender = "fail-render",
        /// Value: names of a list of maps, which stand in the ConfigMap.
        Items = "items",
        /// Value: part of the immutable selector of the Deployments.
        Selector = "selector",
        /// Value: leaves a Deployment out.
        Without = "without",
    }
}

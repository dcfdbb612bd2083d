//! The HelmRelease v2 API: types, defaults, custom resource definition, source kinds.

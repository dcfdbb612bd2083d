//! Charts: archives, values, rendering, manifests, hooks, post-rendering.

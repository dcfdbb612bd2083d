//! All releases of one operator: index, wake-ups, budget, timers.

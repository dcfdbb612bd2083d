//! What Helm does: install, upgrade, roll back, uninstall, test, unlock, as tasks.

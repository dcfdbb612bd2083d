//! A driver that fails on demand (spec 04 §7), for tests.

use pilothouse_protocol::{Reply, Request};

use super::{Driver, StorageError, StorageOperation, StorageResult};

/// Errors that are returned instead of calling the wrapped driver; `None` calls it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InjectedErrors {
    /// For [`StorageOperation::Get`].
    pub get: Option<String>,
    /// For [`StorageOperation::List`].
    pub list: Option<String>,
    /// For [`StorageOperation::Query`].
    pub query: Option<String>,
    /// For [`StorageOperation::Create`].
    pub create: Option<String>,
    /// For [`StorageOperation::Update`].
    pub update: Option<String>,
    /// For [`StorageOperation::Delete`].
    pub delete: Option<String>,
}

/// Wraps a driver. An operation with an injected error fails without a request.
#[derive(Debug, Clone)]
pub struct FailingDriver<D> {
    driver: D,
    /// What fails.
    pub errors: InjectedErrors,
}

impl<D: Driver> FailingDriver<D> {
    /// A driver that fails as `errors` says.
    pub fn new(driver: D, errors: InjectedErrors) -> Self {
        Self { driver, errors }
    }

    /// The wrapped driver.
    pub fn inner_mut(&mut self) -> &mut D {
        &mut self.driver
    }

    fn injected(&self, operation: &StorageOperation) -> Option<&String> {
        match operation {
            StorageOperation::Get { .. } => self.errors.get.as_ref(),
            StorageOperation::List { .. } => self.errors.list.as_ref(),
            StorageOperation::Query { .. } => self.errors.query.as_ref(),
            StorageOperation::Create { .. } => self.errors.create.as_ref(),
            StorageOperation::Update { .. } => self.errors.update.as_ref(),
            StorageOperation::Delete { .. } => self.errors.delete.as_ref(),
        }
    }
}

impl<D: Driver> Driver for FailingDriver<D> {
    fn name(&self) -> &str {
        "failing"
    }

    fn request(&self, operation: &StorageOperation, now: i64) -> Result<Request, StorageError> {
        match self.injected(operation) {
            Some(error) => Err(StorageError::Injected(error.clone())),
            None => self.driver.request(operation, now),
        }
    }

    fn result(&self, operation: &StorageOperation, reply: &Reply) -> Result<StorageResult, StorageError> {
        self.driver.result(operation, reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MemoryDriver, StorageKey};

    #[test]
    fn only_the_chosen_operation_fails() {
        let errors = InjectedErrors { query: Some("broken".to_owned()), ..InjectedErrors::default() };
        let driver = FailingDriver::new(MemoryDriver::new("default"), errors);
        assert_eq!(driver.name(), "failing");
        let error = driver.request(&StorageOperation::history("app"), 0).unwrap_err();
        assert_eq!(error.to_string(), "broken");
        assert!(!error.effect_is_unknown());
        assert!(driver.request(&StorageOperation::Get { key: StorageKey::new("app", 1) }, 0).is_ok());
    }
}

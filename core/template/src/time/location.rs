//! The zone of a time as Go has it: a pointer.

use crate::value::{Method, MethodError, Object, Shape, Value};

use super::{Location, Time, getter};

/// Go's name of the type.
pub(super) const TYPE_NAME: &str = "*time.Location";

/// The zone as the field of a time: hidden, and so printed without its name.
pub(super) struct ZonePointer {
    pub(super) location: Location,
}

impl Object for ZonePointer {
    fn type_name(&self) -> &str {
        TYPE_NAME
    }

    fn shape(&self) -> Shape {
        Shape::Struct(Vec::new())
    }

    fn is_nil_pointer(&self) -> bool {
        self.location == Location::Utc
    }
}

/// What `Location` returns.
pub(super) struct LocationPointer(Time);

impl LocationPointer {
    pub(super) fn of(time: &Time) -> Self {
        Self(time.clone())
    }

    fn name(&self) -> String {
        match self.0.location {
            // Without a database of zones Go names the local one so, too.
            Location::Utc | Location::Local => "UTC".to_owned(),
            Location::Other => self.0.zone.clone(),
        }
    }
}

impl Object for LocationPointer {
    fn type_name(&self) -> &str {
        TYPE_NAME
    }

    fn shape(&self) -> Shape {
        Shape::Struct(vec![("name", self.name().into())])
    }

    fn methods(&self) -> &'static [Method] {
        static METHODS: &[Method] = &[getter("String")];
        METHODS
    }

    fn call(&self, _: &str, _: &[Value]) -> Result<Value, MethodError> {
        Ok(self.name().into())
    }

    fn string(&self) -> Option<String> {
        Some(self.name())
    }
}

/// The same instant in the zone that the argument points at.
///
/// # Errors
/// With which Go panics when it points at none.
pub(super) fn moved(time: &Time, location: Option<&Value>) -> Result<Time, MethodError> {
    let zone = match location {
        Some(Value::Native(object)) => object.downcast::<LocationPointer>(),
        _ => None,
    };
    match zone {
        Some(LocationPointer(zone)) => Ok(Time { seconds: time.seconds, nanos: time.nanos, ..zone.clone() }),
        None => Err(MethodError("time: missing Location in call to Time.In".to_owned())),
    }
}

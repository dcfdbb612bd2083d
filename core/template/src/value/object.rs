//! Values with methods: files, API versions, versions, times.

use std::any::Any;
use std::rc::Rc;

use super::{IntType, List, Map, Value};

/// What a native value looks like to `range`, `index`, field access and printing.
pub enum Shape {
    /// A map type: its entries are its fields.
    Map(Rc<Map>),
    /// A slice type.
    List(Rc<List>),
    /// A struct, or a pointer to one, with its fields in order of declaration. Those with a small first letter are
    /// printed, and otherwise hidden.
    Struct(Vec<(&'static str, Value)>),
}

/// Whether Go shows a field of that name outside of its package.
pub(crate) fn is_exported(field: &str) -> bool {
    field.starts_with(char::is_uppercase)
}

/// The type of a parameter; decides what an argument may be and what a wrong one is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamType {
    /// `interface {}`
    Any,
    /// `reflect.Value`, which tells an absent value from a nil one.
    Reflect,
    /// `string`
    String,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `int64`
    Int64,
    /// `uint32`
    Uint32,
    /// Another integer type.
    Integer(IntType),
    /// `float64`
    Float64,
    /// `map[string]interface {}`
    Map,
    /// `[]interface {}`
    List,
    /// `[]string`
    Strings,
    /// `[]uint8`
    Bytes,
    /// A native type, by Go's name of it.
    Native(&'static str),
}

/// A method of a native value.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// Go's name of the method.
    pub name: &'static str,
    /// The fixed parameters.
    pub params: &'static [ParamType],
    /// The type of further arguments, when the method takes any number.
    pub variadic: Option<ParamType>,
}

/// Why a method failed: the text of the Go error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MethodError(pub String);

/// A value of a type that has methods or is a struct.
pub trait Object: Any {
    /// Go's name of the type; begins with `*` for a pointer.
    fn type_name(&self) -> &str;

    /// What the value looks like inside.
    fn shape(&self) -> Shape;

    /// One field of a struct. Override it when building all fields costs more than one.
    fn field(&self, name: &str) -> Option<Value> {
        match self.shape() {
            Shape::Struct(fields) => {
                let mut fields = fields.into_iter().filter(|(field, _)| is_exported(field));
                fields.find(|(field, _)| *field == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The methods templates may call.
    fn methods(&self) -> &'static [Method] {
        &[]
    }

    /// Calls a method listed by [`Object::methods`]; the arguments have the declared types.
    ///
    /// # Errors
    /// The Go error text of the failing method.
    fn call(&self, method: &str, _arguments: &[Value]) -> Result<Value, MethodError> {
        Err(MethodError(format!("method {method} is not callable")))
    }

    /// Steps and bytes that a call takes, besides those of a text that it returns. Asked before the call.
    fn cost(&self, _method: &str, _arguments: &[Value]) -> (u64, usize) {
        (0, 0)
    }

    /// Why a method of [`Object::methods`] cannot be called: what it returns is not what templates take.
    fn uncallable(&self, _method: &str) -> Option<String> {
        None
    }

    /// The text of the type's `String` method, if it has one; printing uses it.
    fn string(&self) -> Option<String> {
        None
    }

    /// The text of the type's `GoString` method, if it has one; `%#v` prints it.
    fn go_string(&self) -> Option<String> {
        None
    }

    /// That of [`Object::string`] when only pointers to the type have the method: an action prints with it, functions do not see it.
    fn string_by_pointer(&self) -> Option<String> {
        None
    }

    /// The value as a function gets it: in an interface, where it has no address.
    fn boxed(&self) -> Option<Value> {
        None
    }

    /// Replaces what the pointer points at by what another one of the same type does, for every holder.
    fn assign(&self, _other: &dyn Object) {}

    /// Whether another value is equal, as Go's `==` has it: of the same struct type, with equal fields. Pointers are equal
    /// to themselves alone, which is not asked here.
    fn equals(&self, _other: &dyn Object) -> bool {
        false
    }

    /// Whether this is a pointer to nothing.
    fn is_nil_pointer(&self) -> bool {
        false
    }

    /// The value that a deep copy gives, when it differs: Go copies exported fields only.
    fn copied(&self) -> Option<Value> {
        None
    }

    /// The plain scalar that go-yaml v3 writes, when it knows the type.
    fn yaml(&self) -> Option<String> {
        None
    }

    /// The text that the type's own method gives to encoders of JSON and YAML; the shape's content when absent.
    fn encoded(&self) -> Option<Result<String, MethodError>> {
        None
    }

    /// The fields of a struct as encoders of JSON name them, when those are not all exported ones under Go's names.
    fn encoded_fields(&self) -> Option<Vec<(&'static str, Value)>> {
        None
    }
}

impl dyn Object {
    /// The object as a concrete type.
    pub fn downcast<T: Object>(&self) -> Option<&T> {
        let any: &dyn Any = self;
        any.downcast_ref::<T>()
    }
}

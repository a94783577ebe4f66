//! JSON Schemas, read by a validator that others wrote.

use serde_json::Value;

/// A compiled schema.
pub struct Validator {
    schemas: boon::Schemas,
    index: boon::SchemaIndex,
}

impl Validator {
    /// Compiles a schema; one that is not valid itself fails the test.
    pub fn new(schema: Value) -> Validator {
        let mut schemas = boon::Schemas::new();
        let mut compiler = boon::Compiler::new();
        compiler.set_default_draft(boon::Draft::V2020_12);
        compiler.add_resource("schema.json", schema).unwrap();
        let index = compiler.compile("schema.json", &mut schemas).unwrap_or_else(|error| panic!("{error:#}"));
        Validator { schemas, index }
    }

    /// What is wrong with a value; empty when nothing is.
    pub fn complaints(&self, instance: &Value) -> Vec<String> {
        match self.schemas.validate(instance, self.index) {
            Ok(()) => Vec::new(),
            Err(error) => leaves(&error),
        }
    }
}

fn leaves(error: &boon::ValidationError<'_, '_>) -> Vec<String> {
    if error.causes.is_empty() {
        return vec![format!("{}: {}", error.instance_location, error.kind)];
    }
    error.causes.iter().flat_map(leaves).collect()
}

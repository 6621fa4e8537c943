//! A page as a tree.

use html5ever::tendril::TendrilSink as _;
use markup5ever_rcdom::{Handle, NodeData, RcDom};

/// A document.
#[derive(Debug, Clone)]
pub struct Html {
    root: Element,
}

/// An element, with what is in it.
#[derive(Debug, Clone, Default)]
pub struct Element {
    /// `input`, `h1`, …
    pub name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Node>,
}

#[derive(Debug, Clone)]
enum Node {
    Element(Element),
    Text(String),
}

/// A form and what is filled in.
#[derive(Debug, Clone)]
pub struct Form {
    action: String,
    method: String,
    fields: Vec<(String, String)>,
    names: Vec<String>,
}

impl Html {
    /// Reads a document as a browser does (HTML §13.2).
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let dom = html5ever::parse_document(RcDom::default(), html5ever::ParseOpts::default()).one(text);
        let mut root = Element::default();
        root.take(&dom.document);
        Self { root }
    }

    /// Every element of this name, in the document's order; `*` is all.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&Element> {
        self.root.all(name)
    }

    /// The first element with this name.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn one(&self, name: &str) -> &Element {
        self.all(name).into_iter().next().unwrap_or_else(|| panic!("no <{name}> in:\n{}", self.text()))
    }

    /// The element with this id.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<&Element> {
        self.all("*").into_iter().find(|element| element.attribute("id") == Some(id))
    }

    /// Every element with this class.
    #[must_use]
    pub fn by_class(&self, class: &str) -> Vec<&Element> {
        let has = |element: &&Element| {
            element.attribute("class").is_some_and(|all| all.split_whitespace().any(|one| one == class))
        };
        self.all("*").into_iter().filter(has).collect()
    }

    /// Its title.
    #[must_use]
    pub fn title(&self) -> String {
        self.one("title").text()
    }

    /// Its main heading.
    #[must_use]
    pub fn heading(&self) -> String {
        self.one("h1").text()
    }

    /// What its body says, with single spaces between words.
    #[must_use]
    pub fn text(&self) -> String {
        self.all("body").first().map(|body| body.text()).unwrap_or_default()
    }

    /// The form that goes to `action`, with the values that are in it.
    #[must_use]
    pub fn form(&self, action: &str) -> Option<Form> {
        let form = self.all("form").into_iter().find(|form| form.attribute("action") == Some(action))?;
        Some(Form::read(form))
    }
}

impl Element {
    /// An attribute's value.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every attribute's name and value.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Every element of this name in it, in the document's order; `*` is all.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&Self> {
        let mut found = Vec::new();
        self.collect(name, &mut found);
        found
    }

    /// What it says, with single spaces between words.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn collect<'a>(&'a self, name: &str, found: &mut Vec<&'a Self>) {
        for child in &self.children {
            if let Node::Element(child) = child {
                if name == "*" || child.name == name {
                    found.push(child);
                }
                child.collect(name, found);
            }
        }
    }

    fn write(&self, text: &mut String) {
        const IN_LINE: [&str; 8] = ["a", "b", "code", "em", "span", "strong", "time", "kbd"];
        for child in &self.children {
            match child {
                Node::Text(words) => text.push_str(words),
                Node::Element(child) if ["script", "style", "template"].contains(&child.name.as_str()) => {}
                Node::Element(child) => {
                    let gap = if IN_LINE.contains(&child.name.as_str()) { "" } else { " " };
                    text.push_str(gap);
                    child.write(text);
                    text.push_str(gap);
                }
            }
        }
    }

    fn take(&mut self, handle: &Handle) {
        for child in handle.children.borrow().iter() {
            match &child.data {
                NodeData::Text { contents } => self.children.push(Node::Text(contents.borrow().to_string())),
                NodeData::Element { name, attrs, .. } => {
                    let attributes = attrs.borrow();
                    let pair =
                        |one: &html5ever::Attribute| (one.name.local.to_string(), one.value.to_string());
                    let mut element = Self {
                        name: name.local.to_string(),
                        attributes: attributes.iter().map(pair).collect(),
                        children: Vec::new(),
                    };
                    element.take(child);
                    self.children.push(Node::Element(element));
                }
                _ => {}
            }
        }
    }
}

impl Form {
    /// Fills in a field. A choice (radio, checkbox, list) takes the value that is chosen.
    ///
    /// # Panics
    /// If the form has no field of this name.
    #[must_use]
    pub fn fill(mut self, name: &str, value: &str) -> Self {
        assert!(
            self.names.iter().any(|known| known == name),
            "{} has no field {name}: {:?}",
            self.action,
            self.names
        );
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends a field along whether the form has it or not, or another value than it allows.
    #[must_use]
    pub fn forge(mut self, name: &str, value: &str) -> Self {
        self.names.push(name.to_owned());
        self.fill(name, value)
    }

    /// Leaves a field away.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self
    }

    /// The value of a field.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The names of its fields, hidden ones too.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn action(&self) -> &str {
        &self.action
    }

    pub(crate) fn method(&self) -> &str {
        &self.method
    }

    fn read(form: &Element) -> Self {
        let mut read = Self {
            action: form.attribute("action").unwrap_or_default().to_owned(),
            method: form.attribute("method").unwrap_or("get").to_ascii_lowercase(),
            fields: Vec::new(),
            names: Vec::new(),
        };
        for element in form.all("*") {
            let Some(name) = element.attribute("name") else { continue };
            let Some(value) = given(element) else { continue };
            read.names.push(name.to_owned());
            read.fields.extend(value.map(|value| (name.to_owned(), value)));
        }
        read
    }
}

/// What a field sends if nobody touches it, if it is a field at all.
fn given(element: &Element) -> Option<Option<String>> {
    let value = element.attribute("value");
    match (element.name.as_str(), element.attribute("type").unwrap_or("text")) {
        ("input", "radio" | "checkbox") => {
            Some(element.attribute("checked").map(|_| value.unwrap_or("on").to_owned()))
        }
        ("input", _) => Some(Some(value.unwrap_or_default().to_owned())),
        ("textarea", _) => Some(Some(element.text())),
        ("select", _) => {
            let options = element.all("option");
            let chosen = options.iter().find(|option| option.attribute("selected").is_some());
            let chosen = chosen.or(options.first());
            Some(chosen.map(|option| option.attribute("value").map_or_else(|| option.text(), str::to_owned)))
        }
        // A button sends its value only if it is the one that is pressed; `fill` presses it.
        ("button", _) => Some(None),
        _ => None,
    }
}

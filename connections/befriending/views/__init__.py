"""The pages of befriending. Every view that touches private rows is @acting_as_visitor: whom the
database shows nothing gets a 404, whoever they are."""

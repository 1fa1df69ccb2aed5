package config

// FormerNames are the variables that are no longer read, with their new names.
var FormerNames = formerNames

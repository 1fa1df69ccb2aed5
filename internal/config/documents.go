package config

// Documents are the commands for trusted documents.
type Documents struct {
	Push    DocumentsPush   `cmd:"" help:"Add the documents of manifests (Apollo's or Relay's .json) and of .graphql files, all or none."`
	List    struct{}        `cmd:"" help:"List the documents, who uses them and when they did last."`
	Check   DocumentsCheck  `cmd:"" help:"Fail if documents in use do not fit a schema, or if there are none."`
	Retire  DocumentsRetire `cmd:"" help:"Tell clients that send a document to update."`
	Restore DocumentID      `cmd:"" help:"Answer a document that was retired again."`
}

// DocumentsPush is the command that adds documents.
type DocumentsPush struct {
	Files []string `arg:"" help:"Files, or directories of them." type:"path"`
}

// DocumentsCheck is the command that compares documents with a schema.
type DocumentsCheck struct {
	Days   int    `default:"30" help:"Documents used in this many days must fit; others are told as warnings."`
	Schema string `type:"existingfile" help:"An SDL file; by default the schema of this program."`
}

// DocumentsRetire is the command that retires a document.
type DocumentsRetire struct {
	DocumentID
	MinimumVersion string `help:"First version of the client that does not need it."`
}

// DocumentID names a document.
type DocumentID struct {
	ID string `arg:"" name:"id" help:"Of the document, as documents list shows it."`
}

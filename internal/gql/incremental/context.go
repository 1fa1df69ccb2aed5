package incremental

import "context"

type formatKey struct{}

// WithFormat returns a context for a request whose client accepts parts in a format.
func WithFormat(ctx context.Context, f Format) context.Context {
	return context.WithValue(ctx, formatKey{}, f)
}

// AcceptedFormat returns the format of parts that the client accepts, Whole for none.
func AcceptedFormat(ctx context.Context) Format {
	f, _ := ctx.Value(formatKey{}).(Format)
	return f
}

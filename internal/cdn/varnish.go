package cdn

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
)

// Varnish purges by the vmod xkey: it sends each node a PURGE request with the keys in the header Xkey-Purge, to
// which the VCL of the node responds (deploy/varnish/default.vcl).
type Varnish struct {
	Nodes  []string // URLs
	Client *http.Client
}

// Purge implements Purger. It sends the request to all nodes, also after one has failed.
func (v Varnish) Purge(ctx context.Context, keys []string) error {
	var failures []error
	for _, node := range v.Nodes {
		req, err := http.NewRequestWithContext(ctx, "PURGE", node, nil)
		if err != nil {
			return err
		}
		req.Header.Set("Xkey-Purge", strings.Join(keys, " "))
		failures = append(failures, send(v.Client, req))
	}
	return errors.Join(failures...)
}

// Limits implements Purger. 200 keys have 2,200 bytes; Varnish accepts 8 KiB in a header.
func (Varnish) Limits() Limits { return Limits{Keys: 200, Interval: 10 * time.Millisecond} }

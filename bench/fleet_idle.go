package main

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// probeRequest is a cheap request that nginx forwards.
var probeRequest = []byte("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")

// openIdle opens connections that send one request each, and then nothing. first is the number of
// connections that are open already.
func openIdle(ctx context.Context, addr string, first, n int) ([]*clientConn, error) {
	conns := make([]*clientConn, n)
	opening, _ := errgroup.WithContext(ctx)
	opening.SetLimit(16)
	for i := range conns {
		opening.Go(func() (err error) {
			if conns[i], err = dialFrom(sourceAddress(first+i), addr, 4<<10); err != nil {
				return err
			}
			_, _, err = conns[i].sendRequest(probeRequest)
			return err
		})
	}
	return conns, opening.Wait()
}

// countClosed sends one request on each idle connection, and returns how many got no response.
func countClosed(conns []*clientConn) (closed int) {
	for _, c := range conns {
		if _, _, err := c.sendRequest(probeRequest); err != nil {
			closed++
		}
	}
	return closed
}

func closeIdle(conns []*clientConn) {
	for _, c := range conns {
		if c != nil {
			_ = c.conn.Close()
		}
	}
}

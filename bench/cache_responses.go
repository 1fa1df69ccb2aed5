package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/7p-education/api/internal/auth"
)

// planSizedPages plans ten pages of courses whose responses have about size bytes.
func planSizedPages(ctx context.Context, size int, send sendFunc) ([]request, error) {
	const sampleSize = 50 // courses
	var requests []request
	for _, field := range []string{"PUBLISHED_AT", "TITLE", "PRICE", "RATING", "ENROLLMENTS"} {
		for _, direction := range []string{"ASC", "DESC"} {
			newRequest := func(first int) request {
				order := map[string]any{"field": field, "direction": direction}
				return request{operation: operations[0], variables: map[string]any{"first": first, "orderBy": order}}
			}
			response, err := send(ctx, newRequest(sampleSize))
			if err != nil {
				return nil, err
			}
			requests = append(requests, newRequest(max(1, int(math.Round(float64(size)*sampleSize/float64(len(response)))))))
		}
	}
	return requests, nil
}

// prepareResponses requests each response of the loads, compares those of all servers, and starts the
// map handler with them.
func (c *cacheBenchmark) prepareResponses(ctx context.Context, loads []*cacheLoad) (err error) {
	c.contenders[mapHandler], err = c.prepareHits(ctx, loads, c.contenders[noCache], c.contenders[memoryCache:])
	return err
}

// prepareHits requests each response of the loads from a server without a response cache and from
// caching ones, compares them, and starts a map handler with them.
func (b *benchmark) prepareHits(ctx context.Context, loads []*cacheLoad, cold *contender, caching []*contender) (*contender, error) {
	conns := make([]contenderConn, 1+len(caching))
	for i, contender := range append([]*contender{cold}, caching...) {
		conn, err := dialContender(contender.addr)
		if err != nil {
			return nil, fmt.Errorf("connect: %w", err)
		}
		defer conn.conn.Close()
		conns[i] = contenderConn{contender, conn}
	}
	responses := responseMap{}
	for _, l := range loads {
		err := l.encodeRequests(b.tokens, func(encoded []byte) ([]byte, error) {
			response, err := fetchCachedResponse(conns[0], conns[1:], encoded)
			if err == nil {
				err = responses.addFromRequest(encoded, response)
			}
			return response, err
		})
		if err != nil {
			return nil, err
		}
	}
	file := filepath.Join(b.dir, "responses.json")
	if err := responses.writeFile(file); err != nil {
		return nil, err
	}
	return launchMapHandler(ctx, file)
}

// contenderConn is a connection to a contender.
type contenderConn struct {
	*contender
	*clientConn
}

// encodeRequests encodes the requests of a load, and fetches the response to each distinct one.
func (l *cacheLoad) encodeRequests(tokens *auth.Tokens, fetch func(encoded []byte) ([]byte, error)) error {
	sizes := map[string]int{}
	for _, r := range l.requests {
		encoded, err := encodeRequest(r, "localhost", tokens)
		if err != nil {
			return err
		}
		size, ok := sizes[string(encoded)]
		if !ok {
			response, err := fetch(encoded)
			if err != nil {
				return fmt.Errorf("%s with %v of viewer %d: %w", r.operation.name, r.variables, r.viewer.ID, err)
			}
			size = len(response)
			sizes[string(encoded)] = size
		}
		l.meanBytes += size
		l.encodedRequests = append(l.encodedRequests, encodedRequest{bytes: encoded, minBytes: size / 2}) // dashboards change with the clock
	}
	l.meanBytes /= len(l.encodedRequests)
	return nil
}

// fetchCachedResponse requests a response from each server, from the caching ones twice. The cached
// response must equal, byte for byte, the one computed before or after it: dashboards count back from
// now, so they may change in between. It returns the latter.
func fetchCachedResponse(cold contenderConn, caching []contenderConn, encoded []byte) ([]byte, error) {
	before, err := fetchResponse(cold.clientConn, encoded)
	if err != nil {
		return nil, err
	}
	cached := make([][]byte, len(caching))
	for i, c := range caching {
		if _, err := fetchResponse(c.clientConn, encoded); err != nil {
			return nil, err
		}
		if cached[i], err = c.fetchHit(encoded); err != nil {
			return nil, err
		}
	}
	after, err := fetchResponse(cold.clientConn, encoded)
	if err != nil {
		return nil, err
	}
	for i, c := range caching {
		if !bytes.Equal(cached[i], before) && !bytes.Equal(cached[i], after) {
			return nil, fmt.Errorf("cached response of %q: %.300s; computed response: %.300s", c.name, cached[i], after)
		}
	}
	return after, nil
}

// fetchHit returns a response from the cache. On a busy machine a server may be without its leases for a moment.
func (c contenderConn) fetchHit(encoded []byte) (response []byte, err error) {
	for range 20 {
		if response, err = fetchResponse(c.clientConn, encoded); err != nil || c.hit {
			return response, err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil, fmt.Errorf("contender %q does not cache the response: %s", c.name, c.cacheStatus)
}

// fetchResponse sends a request and returns a copy of its response, which must be complete.
func fetchResponse(c *clientConn, encoded []byte) ([]byte, error) {
	status, response, err := c.sendRequest(encoded)
	if err == nil {
		err = checkResponse(status, response)
	}
	return bytes.Clone(response), err
}

// addFromRequest adds the response to an encoded request.
func (m responseMap) addFromRequest(encoded, response []byte) error {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(encoded)))
	if err != nil {
		return err
	}
	body, err := io.ReadAll(r.Body)
	m.addResponse(r.Header.Get("Authorization"), string(body), response)
	return err
}

// refreshResponses requests every response, so that none expires within the next moments.
func refreshResponses(ctx context.Context, addr string, requests []encodedRequest) error {
	const connections = 4
	group, ctx := errgroup.WithContext(ctx)
	for first := range connections {
		group.Go(func() error {
			c, err := dialContender(addr)
			if err != nil {
				return fmt.Errorf("connect: %w", err)
			}
			defer c.conn.Close()
			for i := first; i < len(requests) && ctx.Err() == nil; i += connections {
				status, response, err := c.sendRequest(requests[i].bytes)
				if err == nil {
					err = requests[i].checkResponse(status, response)
				}
				if err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	}
	return group.Wait()
}

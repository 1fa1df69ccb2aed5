package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"path/filepath"

	"golang.org/x/sync/errgroup"
)

// planSizedPages plans ten pages of courses whose answers have about as many bytes.
func planSizedPages(ctx context.Context, size int, ask sendFunc) ([]request, error) {
	const sample = 50 // courses
	var requests []request
	for _, field := range []string{"PUBLISHED_AT", "TITLE", "PRICE", "RATING", "ENROLLMENTS"} {
		for _, direction := range []string{"ASC", "DESC"} {
			newRequest := func(first int) request {
				order := map[string]any{"field": field, "direction": direction}
				return request{operation: operations[0], variables: map[string]any{"first": first, "orderBy": order}}
			}
			answer, err := ask(ctx, newRequest(sample))
			if err != nil {
				return nil, err
			}
			requests = append(requests, newRequest(max(1, int(math.Round(float64(size)*sample/float64(len(answer)))))))
		}
	}
	return requests, nil
}

// prepareResponses asks for each answer, has the servers keep it, compares all of them, and
// starts the bare handler with them.
func (c *cacheBenchmark) prepareResponses(ctx context.Context, loads []*cacheLoad) (err error) {
	var conns [contenderCount]*clientConn
	for i := noCache; i < contenderCount; i++ {
		if conns[i], err = dialContender(c.contenders[i].addr); err != nil {
			return fmt.Errorf("connect: %w", err)
		}
		defer conns[i].conn.Close()
	}
	answers := responseMap{}
	for _, l := range loads {
		known := map[string]int{}
		for _, r := range l.requests {
			encoded, err := encodeRequest(r, "localhost", c.tokens)
			if err != nil {
				return err
			}
			if _, ok := known[string(encoded)]; !ok {
				answer, err := fetchCachedResponse(conns, encoded)
				if err == nil {
					err = answers.addFromRequest(encoded, answer)
				}
				if err != nil {
					return fmt.Errorf("%s with %v of viewer %d: %w", r.operation.name, r.variables, r.viewer.ID, err)
				}
				known[string(encoded)] = len(answer)
			}
			n := known[string(encoded)]
			l.meanBytes += n
			l.encodedRequests = append(l.encodedRequests, encodedRequest{bytes: encoded, minBytes: n / 2}) // what a viewer did lately changes with the clock
		}
		l.meanBytes /= len(l.encodedRequests)
	}
	file := filepath.Join(c.dir, "ready")
	if err := answers.writeFile(file); err != nil {
		return err
	}
	c.contenders[mapHandler], err = launchMapHandler(ctx, file)
	return err
}

// fetchCachedResponse has each server keep the answer to a request, and returns it: the kept one
// must be the one that is made anew before or after, to the byte. Dashboards count
// back from now, and so may change between.
func fetchCachedResponse(conns [contenderCount]*clientConn, encoded []byte) (answer []byte, err error) {
	before, err := fetchResponse(conns[noCache], encoded)
	if err != nil {
		return nil, err
	}
	var found [contenderCount][]byte
	for i := memoryCache; i < contenderCount; i++ {
		if _, err := fetchResponse(conns[i], encoded); err != nil {
			return nil, err
		}
		if found[i], err = fetchResponse(conns[i], encoded); err != nil {
			return nil, err
		}
		if !conns[i].hit {
			return nil, fmt.Errorf("the server %s does not keep it", contenderNames[i])
		}
	}
	after, err := fetchResponse(conns[noCache], encoded)
	if err != nil {
		return nil, err
	}
	for i := memoryCache; i < contenderCount; i++ {
		if !bytes.Equal(found[i], before) && !bytes.Equal(found[i], after) {
			return nil, fmt.Errorf("kept by the server %s is %.300s, and made is %.300s", contenderNames[i], found[i], after)
		}
	}
	return after, nil
}

// fetchResponse sends a request and returns a copy of its answer, if that is a good one.
func fetchResponse(c *clientConn, encoded []byte) ([]byte, error) {
	status, answer, err := c.sendRequest(encoded)
	if err == nil {
		err = checkResponse(status, answer)
	}
	return bytes.Clone(answer), err
}

// addFromRequest adds the answer to a request as it is sent.
func (a responseMap) addFromRequest(encoded, answer []byte) error {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(encoded)))
	if err != nil {
		return err
	}
	body, err := io.ReadAll(r.Body)
	a.addResponse(r.Header.Get("Authorization"), string(body), answer)
	return err
}

// refreshResponses asks for every answer, so that none is too old a moment later.
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
				status, answer, err := c.sendRequest(requests[i].bytes)
				if err := errors.Join(err, checkResponse(status, answer)); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	}
	return group.Wait()
}

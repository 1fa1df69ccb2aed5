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

// sized plans ten pages of courses whose answers have about as many bytes.
func sized(ctx context.Context, size int, ask ask) ([]request, error) {
	const sample = 50 // courses
	var requests []request
	for _, field := range []string{"PUBLISHED_AT", "TITLE", "PRICE", "RATING", "ENROLLMENTS"} {
		for _, direction := range []string{"ASC", "DESC"} {
			of := func(first int) request {
				order := map[string]any{"field": field, "direction": direction}
				return request{operation: operations[0], variables: map[string]any{"first": first, "orderBy": order}}
			}
			answer, err := ask(ctx, of(sample))
			if err != nil {
				return nil, err
			}
			requests = append(requests, of(max(1, int(math.Round(float64(size)*sample/float64(len(answer)))))))
		}
	}
	return requests, nil
}

// prepare asks for each answer, has the servers keep it, compares all of them, and
// starts the bare handler with them.
func (c *cacheBench) prepare(ctx context.Context, loads []*cacheLoad) (err error) {
	var conns [cacheContenders]*connection
	for i := cold; i < cacheContenders; i++ {
		if conns[i], err = dial(c.contenders[i].addr); err != nil {
			return fmt.Errorf("connect: %w", err)
		}
		defer conns[i].conn.Close()
	}
	answers := ready{}
	for _, l := range loads {
		known := map[string]int{}
		for _, r := range l.requests {
			asked, err := wire(r, "localhost", c.tokens)
			if err != nil {
				return err
			}
			if _, ok := known[string(asked)]; !ok {
				answer, err := kept(conns, asked)
				if err == nil {
					err = answers.of(asked, answer)
				}
				if err != nil {
					return fmt.Errorf("%s with %v of viewer %d: %w", r.operation.name, r.variables, r.viewer.ID, err)
				}
				known[string(asked)] = len(answer)
			}
			n := known[string(asked)]
			l.bytes += n
			l.shots = append(l.shots, shot{request: asked, atLeast: n / 2}) // what a viewer did lately changes with the clock
		}
		l.bytes /= len(l.shots)
	}
	file := filepath.Join(c.dir, "ready")
	if err := answers.write(file); err != nil {
		return err
	}
	c.contenders[fromMap], err = launchReady(ctx, file)
	return err
}

// kept has each server keep the answer to a request, and returns it: the kept one
// must be the one that is made anew before or after, to the byte. Dashboards count
// back from now, and so may change between.
func kept(conns [cacheContenders]*connection, asked []byte) (answer []byte, err error) {
	before, err := whole(conns[cold], asked)
	if err != nil {
		return nil, err
	}
	var found [cacheContenders][]byte
	for i := local; i < cacheContenders; i++ {
		if _, err := whole(conns[i], asked); err != nil {
			return nil, err
		}
		if found[i], err = whole(conns[i], asked); err != nil {
			return nil, err
		}
		if !conns[i].hit {
			return nil, fmt.Errorf("the server %s does not keep it", cacheNames[i])
		}
	}
	after, err := whole(conns[cold], asked)
	if err != nil {
		return nil, err
	}
	for i := local; i < cacheContenders; i++ {
		if !bytes.Equal(found[i], before) && !bytes.Equal(found[i], after) {
			return nil, fmt.Errorf("kept by the server %s is %.300s, and made is %.300s", cacheNames[i], found[i], after)
		}
	}
	return after, nil
}

// whole sends a request and returns a copy of its answer, if that is a good one.
func whole(c *connection, asked []byte) ([]byte, error) {
	status, answer, err := c.send(asked)
	if err == nil {
		err = check(status, answer)
	}
	return bytes.Clone(answer), err
}

// of adds the answer to a request as it is sent.
func (a ready) of(asked, answer []byte) error {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(asked)))
	if err != nil {
		return err
	}
	body, err := io.ReadAll(r.Body)
	a.add(r.Header.Get("Authorization"), string(body), answer)
	return err
}

// touch asks for every answer, so that none is too old a moment later.
func touch(ctx context.Context, addr string, shots []shot) error {
	const connections = 4
	group, ctx := errgroup.WithContext(ctx)
	for first := range connections {
		group.Go(func() error {
			c, err := dial(addr)
			if err != nil {
				return fmt.Errorf("connect: %w", err)
			}
			defer c.conn.Close()
			for i := first; i < len(shots) && ctx.Err() == nil; i += connections {
				status, answer, err := c.send(shots[i].request)
				if err := errors.Join(err, check(status, answer)); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	}
	return group.Wait()
}

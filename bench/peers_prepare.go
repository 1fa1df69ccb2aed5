package main

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// The names of the contenders in the report, besides those of contenderNames.
const (
	oursName       = "7p"
	oursLimitsName = "with Redis and rate limits"
	mercuriusName  = "Mercurius with JIT"
	graphileName   = "PostGraphile"
	yogaName       = "Yoga, in memory"
)

//go:embed peers/reads/*.json peers/reads/*.mjs peers/reads/*.graphql
var peerFiles embed.FS

const peerFolder = "peers/reads"

// installPeers copies the peers to the temporary directory and installs their npm packages, unless
// packages of the same lock file are installed there.
func (c *peerComparison) installPeers(ctx context.Context) error {
	lock, err := peerFiles.ReadFile(peerFolder + "/package-lock.json")
	if err != nil {
		return err
	}
	sum := sha256.Sum256(lock)
	c.scripts = filepath.Join(os.TempDir(), fmt.Sprintf("7p-bench-peers-%x", sum[:4]))
	if err := os.MkdirAll(c.scripts, 0o755); err != nil {
		return fmt.Errorf("install the peers: %w", err)
	}
	files, err := peerFiles.ReadDir(peerFolder)
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := peerFiles.ReadFile(path.Join(peerFolder, file.Name()))
		if err == nil {
			err = os.WriteFile(filepath.Join(c.scripts, file.Name()), text, 0o644)
		}
		if err != nil {
			return fmt.Errorf("install the peers: %w", err)
		}
	}
	// npm writes this file last.
	if _, err := os.Stat(filepath.Join(c.scripts, "node_modules", ".package-lock.json")); err == nil {
		return nil
	}
	printStatus("installing the peers by npm")
	return runProgram(ctx, "npm", "ci", "--prefix", c.scripts, "--silent", "--no-audit", "--no-fund")
}

// peerVersions returns the versions of Node.js and of the packages of the peers.
func peerVersions(ctx context.Context) (string, error) {
	node, err := exec.CommandContext(ctx, "node", "--version").Output()
	if err != nil {
		return "", fmt.Errorf("node not found: %w", err)
	}
	text, err := peerFiles.ReadFile(peerFolder + "/package.json")
	if err != nil {
		return "", err
	}
	var manifest struct{ Dependencies map[string]string }
	if err := json.Unmarshal(text, &manifest); err != nil {
		return "", fmt.Errorf("read the versions of the peers: %w", err)
	}
	versions := []string{"Node.js " + strings.TrimPrefix(strings.TrimSpace(string(node)), "v")}
	for _, name := range []string{"mercurius", "fastify", "postgraphile", "graphql-yoga", "@graphql-yoga/plugin-response-cache", "graphql", "pg"} {
		versions = append(versions, name+" "+manifest.Dependencies[name])
	}
	return strings.Join(versions, ", "), nil
}

// launchScript starts a script of the peers.
func (c *peerComparison) launchScript(ctx context.Context, script, name string) (*peer, error) {
	binary := c.binaryPath(script)
	if err := writeNodeScript(filepath.Join(c.scripts, script+".mjs"), binary); err != nil {
		return nil, err
	}
	contender, err := launchContender(ctx, name, binary, os.DevNull, slices.Concat(c.environment, []string{"NODE_ENV=production"}))
	return &peer{contender: contender, encode: c.encodeRequest, compare: compareResponses}, err
}

func (c *peerComparison) encodeRequest(r request) ([]byte, error) {
	return encodeRequest(r, "localhost", c.tokens)
}

// launchComputing starts the contenders that compute each response, the yardstick first.
func (c *peerComparison) launchComputing(ctx context.Context) (peers []*peer, err error) {
	printStatus("building the yardstick")
	if err := buildBinary(ctx, ".", "github.com/7p-education/api/bench/yardstick", c.binaryPath("yardstick")); err != nil {
		return nil, err
	}
	yardstick, err := c.launchYardstick(ctx)
	if err != nil {
		return nil, err
	}
	peers = []*peer{{contender: yardstick, encode: c.encodeRequest, compare: compareResponses}, {contender: c.server, encode: c.encodeRequest, compare: compareResponses}}
	c.server.name = oursName
	mercurius, err := c.launchScript(ctx, "mercurius", mercuriusName)
	if err != nil {
		return peers, err
	}
	peers = append(peers, mercurius)
	graphile, err := c.launchScript(ctx, "postgraphile", graphileName)
	if err != nil {
		return peers, err
	}
	graphile.encode, graphile.compare = encodeForGraphile, compareShared
	peers = append(peers, graphile)
	printStatus("sending each request to all contenders, and comparing the responses")
	for _, p := range peers {
		if err := c.prepareRequests(p); err != nil {
			return peers, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return peers, nil
}

// dialBoth connects to the server and to a contender, until hangUp is called.
func (c *peerComparison) dialBoth(p *peer) (server, other *clientConn, hangUp func(), err error) {
	if server, err = dialContender(c.server.addr); err != nil {
		return nil, nil, nil, fmt.Errorf("connect: %w", err)
	}
	if other, err = dialContender(p.addr); err != nil {
		return nil, nil, nil, errors.Join(fmt.Errorf("connect: %w", err), server.conn.Close())
	}
	return server, other, func() { _, _ = server.conn.Close(), other.conn.Close() }, nil
}

// prepareRequests sends each request to the server and to a contender, and compares the responses.
func (c *peerComparison) prepareRequests(p *peer) error {
	server, other, hangUp, err := c.dialBoth(p)
	if err != nil {
		return err
	}
	defer hangUp()
	p.requests = map[string][]encodedRequest{}
	for _, op := range c.operations {
		for _, r := range c.plans[op.name] {
			encoded, err := p.prepareRequest(server, other, c.encodeRequest, r)
			if err != nil {
				return fmt.Errorf("%s with %v of viewer %d: %w", op.name, r.variables, r.viewer.ID, err)
			}
			if encoded.bytes != nil {
				p.requests[op.name] = append(p.requests[op.name], encoded)
			}
		}
	}
	return nil
}

func (p *peer) prepareRequest(server, other *clientConn, encode func(request) ([]byte, error), r request) (encoded encodedRequest, err error) {
	if encoded.bytes, err = p.encode(r); err != nil || encoded.bytes == nil {
		return encoded, err
	}
	own, err := encode(r)
	if err != nil {
		return encoded, err
	}
	expected, err := fetchResponse(server, own)
	if err != nil {
		return encoded, fmt.Errorf("server: %w", err)
	}
	response, err := fetchResponse(other, encoded.bytes)
	if err != nil {
		return encoded, err
	}
	encoded.minBytes = len(response) / 2 // dashboards change with the clock
	return encoded, p.compare(expected, response)
}

// launchCaching starts the contenders of cache hits, the map first.
func (c *peerComparison) launchCaching(ctx context.Context) (peers []*peer, err error) {
	withRedis := []string{"RESPONSE_CACHE=on", "REDIS_URL=" + c.redis.socketURL()}
	peers = []*peer{{}}
	var caching []*contender
	for _, server := range []struct {
		name     string
		settings []string
	}{
		{contenderNames[memoryCache], []string{"RESPONSE_CACHE=on"}},
		{contenderNames[redisCache], withRedis},
		{oursLimitsName, slices.Concat(withRedis, []string{"RATE_LIMIT=1000000/15m", "RATE_LIMIT_VIEWER=1000000/15m", "RATE_LIMIT_COST=9000000/15m"})},
	} {
		p := &peer{cached: true, counted: true, redis: c.redis}
		if p.contender, err = c.launchServer(ctx, server.settings...); err != nil {
			return peers[1:], err
		}
		p.name = server.name
		peers, caching = append(peers, p), append(caching, p.contender)
	}
	yoga, err := c.launchScript(ctx, "yoga", yogaName)
	if err != nil {
		return peers[1:], err
	}
	yoga.cached = true
	peers = append(peers, yoga)
	printStatus("requesting each response, cold and cached, and comparing them")
	var loads []*cacheLoad
	for _, op := range c.operations {
		loads = append(loads, &cacheLoad{requests: cacheableRequests(c.plans[op.name])})
	}
	if peers[0].contender, err = c.prepareHits(ctx, loads, c.server, caching); err != nil {
		return peers[1:], err
	}
	requests := map[string][]encodedRequest{}
	for i, op := range c.operations {
		requests[op.name] = loads[i].encodedRequests
	}
	for _, p := range peers {
		p.requests = requests
	}
	if err := c.compareCached(yoga); err != nil {
		return peers, fmt.Errorf("%s: %w", yoga.name, err)
	}
	return peers, nil
}

// compareCached requests each response twice from a contender, and compares the second, which is
// cached, with that of the server.
func (c *peerComparison) compareCached(p *peer) error {
	server, other, hangUp, err := c.dialBoth(p)
	if err != nil {
		return err
	}
	defer hangUp()
	for _, op := range c.operations {
		for _, r := range p.requests[op.name] {
			if _, err := fetchResponse(other, r.bytes); err != nil {
				return err
			}
			cached, err := fetchResponse(other, r.bytes)
			if err != nil {
				return err
			}
			computed, err := fetchResponse(server, r.bytes)
			if err != nil {
				return fmt.Errorf("server: %w", err)
			}
			if err := p.compare(computed, cached); err != nil {
				return fmt.Errorf("%s: %w", op.name, err)
			}
		}
	}
	return nil
}

package cache

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// quiet is how long a subscription may hear nothing before it asks whether
	// Redis is still there; as long again without an answer, it is not. A
	// connection that nobody answers on would otherwise last for minutes.
	quiet = 2 * time.Second

	// rejoin is how long to wait before the next try to subscribe.
	rejoin = 250 * time.Millisecond
)

// Publish sends a message to all who are subscribed to the channel just now, this
// process among them. It is an error that Redis could not be told; nothing tells
// who heard.
func (r *Redis) Publish(ctx context.Context, channel, message string) error {
	return r.Do(ctx, func(ctx context.Context, c redis.UniversalClient) error {
		return c.Publish(ctx, r.Key(channel), message).Err()
	})
}

// Subscribe calls receive with each message of the channel, one after the other,
// until the context ends, however often the connection is lost. Each time that it
// begins to listen it calls joined: messages may have been missed before.
func (r *Redis) Subscribe(ctx context.Context, channel string, receive func(message string), joined func()) {
	for ctx.Err() == nil {
		r.listen(ctx, channel, receive, joined)
		select {
		case <-ctx.Done():
		case <-time.After(rejoin):
		}
	}
}

// listen is Subscribe for as long as one connection lasts.
func (r *Redis) listen(ctx context.Context, channel string, receive func(message string), joined func()) {
	s := r.client.Subscribe(ctx, r.Key(channel))
	end := func() { _ = s.Close() }
	defer end()
	defer context.AfterFunc(ctx, end)() // a read does not end with the context
	asked := false
	for {
		got, err := s.ReceiveTimeout(ctx, quiet)
		if late, ok := errors.AsType[net.Error](err); ok && late.Timeout() && !asked {
			asked, err = true, s.Ping(ctx)
			if err == nil {
				continue
			}
		}
		if err != nil {
			return
		}
		asked = false
		switch got := got.(type) {
		case *redis.Subscription:
			joined()
		case *redis.Message:
			receive(got.Payload)
		}
	}
}

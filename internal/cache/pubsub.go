package cache

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// pingAfter is how long a subscription may hear nothing before it asks whether
	// Redis is still there; as long again without an answer, it is not. A
	// connection that nobody answers on would otherwise last for minutes.
	pingAfter = 2 * time.Second

	// resubscribeDelay is how long to wait before the next try to subscribe.
	resubscribeDelay = 250 * time.Millisecond
)

// Publish sends a message to all who are subscribed to the channel just now, this
// process among them. It is an error that Redis could not be told; nothing tells
// who heard.
func (r *Redis) Publish(ctx context.Context, channel, message string) error {
	return r.RunCommands(ctx, func(ctx context.Context, c redis.UniversalClient) error {
		return c.Publish(ctx, r.PrefixedKey(channel), message).Err()
	})
}

// Subscribe calls receive with each message of the channel, one after the other,
// until the context ends, however often the connection is lost. Each time that it
// begins to listen it calls joined: messages may have been missed before.
func (r *Redis) Subscribe(ctx context.Context, channel string, receive func(message string), joined func()) {
	for ctx.Err() == nil {
		r.receiveMessages(ctx, channel, receive, joined)
		select {
		case <-ctx.Done():
		case <-time.After(resubscribeDelay):
		}
	}
}

// receiveMessages is Subscribe for as long as one connection lasts.
func (r *Redis) receiveMessages(ctx context.Context, channel string, receive func(message string), joined func()) {
	s := r.client.Subscribe(ctx, r.PrefixedKey(channel))
	end := func() { _ = s.Close() }
	defer end()
	defer context.AfterFunc(ctx, end)() // a read does not end with the context
	pinged := false
	for {
		got, err := s.ReceiveTimeout(ctx, pingAfter)
		if netErr, ok := errors.AsType[net.Error](err); ok && netErr.Timeout() && !pinged {
			pinged, err = true, s.Ping(ctx)
			if err == nil {
				continue
			}
		}
		if err != nil {
			return
		}
		pinged = false
		switch got := got.(type) {
		case *redis.Subscription:
			joined()
		case *redis.Message:
			receive(got.Payload)
		}
	}
}

package cdn

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
)

// CloudFront purges a distribution of CloudFront by cache tags. The distribution must have a CacheTagConfig that
// names the header Cache-Tag.
type CloudFront struct {
	baseURL      string
	distribution string
	client       *http.Client
	credentials  aws.CredentialsProvider
}

const (
	cloudFrontURL     = "https://cloudfront.amazonaws.com"
	cloudFrontVersion = "2020-05-31"
	cloudFrontRegion  = "us-east-1" // of its API, wherever the distribution is used
)

// NewCloudFront returns the purger of a distribution. It finds credentials as all AWS programs do: in
// variables of the environment, in a shared file, or from the role of the machine or the container. apiURL is "" for AWS itself.
func NewCloudFront(ctx context.Context, client *http.Client, apiURL, distribution string) (*CloudFront, error) {
	settings, err := config.LoadDefaultConfig(ctx, config.WithRegion(cloudFrontRegion))
	if err != nil {
		return nil, fmt.Errorf("cdn: settings of AWS: %w", err)
	}
	return &CloudFront{baseURL(apiURL, cloudFrontURL), distribution, client, settings.Credentials}, nil
}

// invalidationBatch is the body of CreateInvalidation.
type invalidationBatch struct {
	XMLName  xml.Name `xml:"http://cloudfront.amazonaws.com/doc/2020-05-31/ InvalidationBatch"`
	Paths    invalidationPaths
	CallerID string `xml:"CallerReference"`
}

type invalidationPaths struct {
	Quantity int
	Items    struct{ Path []string }
}

// Purge implements Purger. The # before a key marks it as a tag among the paths of an invalidation.
func (c *CloudFront) Purge(ctx context.Context, keys []string) error {
	in := invalidationBatch{CallerID: rand.Text(), Paths: invalidationPaths{Quantity: len(keys)}}
	for _, key := range keys {
		in.Paths.Items.Path = append(in.Paths.Items.Path, "#"+key)
	}
	body, err := xml.Marshal(in)
	if err != nil {
		return err
	}
	address := c.baseURL + "/" + cloudFrontVersion + "/distribution/" + url.PathEscape(c.distribution) + "/invalidation"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/xml")
	credentials, err := c.credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("cdn: credentials of AWS: %w", err)
	}
	sum := sha256.Sum256(body)
	err = v4.NewSigner().SignHTTP(ctx, credentials, req, hex.EncodeToString(sum[:]), "cloudfront", cloudFrontRegion, time.Now())
	if err != nil {
		return fmt.Errorf("cdn: signature of AWS: %w", err)
	}
	return send(c.client, req)
}

// Limits implements Purger. CloudFront bills each key, so keys are collected for two seconds; an invalidation takes up
// to five seconds anyway.
func (*CloudFront) Limits() Limits { return Limits{Keys: 100, Interval: 2 * time.Second} }

package app

import (
	"crypto/rand"
	"net"
	"net/http"

	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/media"
)

// mediaPath is the beginning of the paths of the demo's sample video.
const mediaPath = "/media"

// mediaServer signs the URLs of videos.
type mediaServer struct {
	signer        *media.Signer // nil without a media server
	servesSamples bool          // this server is the media server of a demo
}

// openMedia returns the media server of the settings. A demo without one is its own, with a key that ends with the
// process.
func openMedia(c *config.Config, publicURL string, isDemo bool) mediaServer {
	switch {
	case c.MediaBaseURL != "":
		return mediaServer{signer: media.NewSigner(string(c.MediaBaseURL), string(c.MediaSigningKey), c.MediaURLTTL)}
	case isDemo:
		return mediaServer{signer: media.NewSigner(publicURL+mediaPath, rand.Text()+rand.Text(), c.MediaURLTTL), servesSamples: true}
	}
	return mediaServer{}
}

// register adds the route of the sample video, if this server has it.
func (m mediaServer) register(mux *http.ServeMux) {
	if m.servesSamples {
		mux.Handle(mediaPath+"/", media.SampleHandler(mediaPath, m.signer))
	}
}

// publicURL returns the URL at which clients reach a server that listens on addr.
func publicURL(c *config.Config, addr string) string {
	if c.PublicURL != "" {
		return string(c.PublicURL)
	}
	_, port, _ := net.SplitHostPort(addr)
	return localURL(c, port)
}

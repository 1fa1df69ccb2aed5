# CloudFront in front of the API and of the static files. The servers run with CDN=cloudfront and CDN_ID=<the output
# distribution_id>, and a role with the policy of "purge".

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.46.0" # cache_tag_config
    }
  }
}

variable "domain_name" {
  description = "Domain of the platform, e.g. learn.example.com."
  type        = string
}

variable "origin_domain_name" {
  description = "Domain of the load balancer of the API, which has a certificate for it."
  type        = string
}

variable "certificate_arn" {
  description = "Certificate of domain_name, in us-east-1."
  type        = string
}

variable "static_bucket" {
  description = "Name of the bucket of static files."
  type        = string
}

variable "log_bucket_domain_name" {
  description = "Domain of the bucket of access logs."
  type        = string
}

resource "aws_cloudfront_distribution" "main" {
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  comment         = "7P Education"
  aliases         = [var.domain_name, "www.${var.domain_name}"]

  origin {
    domain_name = var.origin_domain_name
    origin_id   = "api"
    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }

  origin {
    domain_name              = aws_s3_bucket.static.bucket_regional_domain_name
    origin_id                = "static"
    origin_access_control_id = aws_cloudfront_origin_access_control.static.id
  }

  # By these tags the servers purge responses.
  cache_tag_config {
    header_name = "Cache-Tag"
  }

  # Pages, WebSockets and everything else: the server decides what is stored, by Cache-Control.
  default_cache_behavior {
    target_origin_id         = "api"
    allowed_methods          = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
    cached_methods           = ["GET", "HEAD"]
    cache_policy_id          = aws_cloudfront_cache_policy.origin_decides.id
    origin_request_policy_id = aws_cloudfront_origin_request_policy.viewer.id
    viewer_protocol_policy   = "redirect-to-https"
    compress                 = false # the server compresses
  }

  # The files of web/dist/assets, whose names have the hash of their content. The bucket has those of earlier releases
  # too, for pages that are open while a release is replaced.
  ordered_cache_behavior {
    path_pattern           = "/assets/*"
    target_origin_id       = "static"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = aws_cloudfront_cache_policy.immutable.id
    viewer_protocol_policy = "redirect-to-https"
    compress               = true
  }

  # Errors of the server are not stored: its responses say when to retry.
  dynamic "custom_error_response" {
    for_each = [500, 502, 503, 504]
    content {
      error_code            = custom_error_response.value
      error_caching_min_ttl = 0
    }
  }

  viewer_certificate {
    acm_certificate_arn      = var.certificate_arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  logging_config {
    include_cookies = false
    bucket          = var.log_bucket_domain_name
    prefix          = "cloudfront/"
  }
}

# The key has what the Vary of public responses names. Responses to requests with Authorization are private, so they
# are never stored. Of the cookies, it has those of a session: pages for signed-in users are never stored.
resource "aws_cloudfront_cache_policy" "origin_decides" {
  name        = "7p-origin-decides"
  min_ttl     = 0
  default_ttl = 0
  max_ttl     = 86400
  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_brotli = true
    enable_accept_encoding_gzip   = true
    headers_config {
      header_behavior = "whitelist"
      headers {
        items = ["Accept", "Authorization", "Origin"]
      }
    }
    cookies_config {
      cookie_behavior = "whitelist"
      cookies {
        items = ["__Host-7p-access", "__Host-7p-refresh"]
      }
    }
    query_strings_config {
      query_string_behavior = "all"
    }
  }
}

resource "aws_cloudfront_cache_policy" "immutable" {
  name        = "7p-immutable"
  min_ttl     = 31536000
  default_ttl = 31536000
  max_ttl     = 31536000
  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_brotli = true
    enable_accept_encoding_gzip   = true
    headers_config {
      header_behavior = "none"
    }
    cookies_config {
      cookie_behavior = "none"
    }
    query_strings_config {
      query_string_behavior = "none"
    }
  }
}

# All other headers of the viewer reach the server, but no other cookies.
resource "aws_cloudfront_origin_request_policy" "viewer" {
  name = "7p-viewer"
  headers_config {
    header_behavior = "allViewer"
  }
  cookies_config {
    cookie_behavior = "none"
  }
  query_strings_config {
    query_string_behavior = "all"
  }
}

resource "aws_cloudfront_origin_access_control" "static" {
  name                              = "7p-static"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_s3_bucket" "static" {
  bucket = var.static_bucket
}

resource "aws_s3_bucket_versioning" "static" {
  bucket = aws_s3_bucket.static.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "static" {
  bucket = aws_s3_bucket.static.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "static" {
  bucket                  = aws_s3_bucket.static.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

data "aws_iam_policy_document" "static" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.static.arn}/*"]
    principals {
      type        = "Service"
      identifiers = ["cloudfront.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "AWS:SourceArn"
      values   = [aws_cloudfront_distribution.main.arn]
    }
  }
}

resource "aws_s3_bucket_policy" "static" {
  bucket = aws_s3_bucket.static.id
  policy = data.aws_iam_policy_document.static.json
}

# The servers may purge this distribution, and nothing else.
data "aws_iam_policy_document" "purge" {
  statement {
    actions   = ["cloudfront:CreateInvalidation"]
    resources = [aws_cloudfront_distribution.main.arn]
  }
}

output "distribution_id" {
  value = aws_cloudfront_distribution.main.id
}

output "purge_policy" {
  value = data.aws_iam_policy_document.purge.json
}

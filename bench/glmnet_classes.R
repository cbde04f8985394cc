# Multinomial fits by glmnet: reads X and y once, then one threshold a line; answers seconds, coefficients in coef.bin.
suppressMessages({library(Matrix); library(glmnet)})
folder <- commandArgs(trailingOnly = TRUE)[1]
doubles <- function(name, n) readBin(file.path(folder, name), "double", n)
integers <- function(name, n) readBin(file.path(folder, name), "integer", n, size = 4)
head <- doubles("head.bin", 6)  # n, p, nnz, intercept, number of lambdas, grouped
n <- head[1]; p <- head[2]; nnz <- head[3]
X <- new("dgCMatrix", i = integers("i.bin", nnz), p = integers("p.bin", p + 1), x = doubles("x.bin", nnz),
         Dim = as.integer(c(n, p)))
y <- factor(doubles("y.bin", n))
lambda <- doubles("lambda.bin", head[5])
glmnet.control(fdev = 0, devmax = 0.99999)
cat("ready", as.character(packageVersion("glmnet")), "\n"); flush(stdout())
input <- file("stdin", "r")
while (length(line <- readLines(input, 1)) > 0) {
  start <- Sys.time()
  fit <- suppressWarnings(glmnet(X, y, family = "multinomial", lambda = lambda, standardize = FALSE,
                                 intercept = head[4] > 0, thresh = as.numeric(line), maxit = 1e7,
                                 type.multinomial = if (head[6] > 0) "grouped" else "ungrouped"))
  seconds <- as.numeric(difftime(Sys.time(), start, units = "secs"))
  last <- length(fit$lambda)
  values <- c(as.numeric(fit$a0[, last]), unlist(lapply(fit$beta, function(b) as.numeric(b[, last]))))
  writeBin(as.double(values), file.path(folder, "coef.bin"))
  cat(format(seconds, digits = 9), last, "\n"); flush(stdout())
}
